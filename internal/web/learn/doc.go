// Package learn shows a launched block to its learner and takes the answers.
//
// Everything lives below the session's base, /learn/{launch}/ or, without
// cookies, /learn/{launch}/~{token}/:
//
//	GET  {base}                            what was launched
//	GET  {base}block/{type}/{id}           a block of what was launched
//	GET  {base}elsewhere?…                 why a link leads nowhere
//	POST {base}problem/{id}/{action}       submit, save, reset, hint, answer
//	POST {base}problem/{id}/preview        how an answer is read while it is typed, JSON
//	POST {base}act/{type}/{id}/{action}    do something with any other block
//	POST {base}library/{type}/{id}/reset   draw other problems
//	GET  {base}transcript/{id}/{language}  captions of a video, WebVTT
//	GET  {base}static/{name}               a locked asset
//	GET  {base}score                       where the score is on its way, JSON
//
// Files that are not locked have addresses of their own, see [Handler.Asset].
// Every page works without JavaScript: links are links, answers are form fields.
//
// Course content is trusted as its authors are; what learners typed is not.
package learn
