// Package olx reads courses in OLX, the Open Learning XML that Studio exports
// and that course teams keep in git, into a [course.Course] with a report.
//
// [Open] turns an archive or a folder into a file system: bounded, without
// devices, without links that leave it. An archive it refuses is refused whole.
// [Import] then walks the tree from course.xml: pointers and inline definitions,
// the forms of 2012, policies, inheritance. Nothing inside a course fails an
// import: what cannot be read becomes a broken block and a line in the report.
//
// The rules are those of Open edX's importer. Departures, each meant to show
// more of a course: a pointer with further attributes is followed; a renamed
// duplicate keeps its content; "attempts" of old files counts as max_attempts;
// a course that says no start has started.
//
// The package writes nothing. Storing is the importer's work.
package olx
