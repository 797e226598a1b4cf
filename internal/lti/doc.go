// Package lti is the vocabulary of the product: the words every other package
// uses for what an LMS sends and what we send back. It speaks no protocol.
//
// # Glossary
//
//	concept               in code            LTI 1.1 wire                           Open edX
//	the external LMS      Consumer           tool consumer, oauth_consumer_key      LTI consumer
//	this product          "the tool"         tool provider                          LTI provider
//	1.1 credentials       Consumer.Key,      oauth_consumer_key, shared secret      consumer key,
//	                      Secret                                                    consumer secret
//	LMS installation id   InstanceGUID       tool_consumer_instance_guid            Instance guid
//	verified message      Launch             basic-lti-launch-request               LTI launch
//	the link              ResourceLink       resource_link_id                       -
//	the LMS's course      Context            context_id                             -
//	our course            course.Course      -                                      course key, course ID
//	a piece of it         course.Block       -                                      usage ID, block
//	the LMS's user        User.ID            user_id                                lti_user_id
//	our user              account.Account    -                                      user, learner
//	where a score goes    GradeTarget        lis_outcome_service_url                OutcomeService and
//	                                         + lis_result_sourcedid                 GradedAssignment
//	what we send          Score              resultScore in replaceResult           grade, outcome
//	what the LMS holds    Result             readResult                             -
//	one try to deliver    store.Attempt      -                                      -
//
// Sequential is a subsection, vertical a unit, problem, html or video a
// component.
//
// # Trap words
//
// Consumer is the external LMS. LTI 1.3 renamed it to "platform", and to
// people from Open edX "platform" means edx-platform; neither is used here.
//
// Context is the LMS's course. A variable of that type is lmsContext, never
// ctx, which is Go's context.
//
// Anonymous is an account that a launch made without asking the learner. A
// launch without any user ("anonymous launch" in LTI 1.3 Core §5.3.6.1) has an
// empty User.ID and is refused.
//
// Score is what we computed and send. Result is what the LMS holds; we never
// call our own number a result.
package lti
