// Package tool is the blocks lti and lti_consumer: a tool of somebody else's
// that a course opens by LTI 1.1.
//
// [Parse] reads a block; [Key] finds the course's key for it; [Tool.Launch]
// signs the form that opens it. What is sent is as little as the block asks for:
// no address for results, and nothing personal unless both the block asks and the
// caller has it to give. The package keeps nothing and posts nothing.
package tool
