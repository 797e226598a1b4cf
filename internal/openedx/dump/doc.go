// Package dump reads what Django's dumpdata wrote on an Open edX site: a JSON
// array of objects, or one object a line, perhaps compressed by gzip.
//
// Files are read as a stream, one object in memory at a time. What the objects
// hold is checked as strictly as Django would check it, since nobody vouches for
// a file; an error says which object of which file is wrong, and in which field.
//
// Objects are those of lti_provider, of accounts (auth.user,
// student.userprofile) and of learners' work (courseware.studentmodule,
// user_api.usercoursetag). References may be primary keys or, with
// --natural-foreign, user names.
package dump
