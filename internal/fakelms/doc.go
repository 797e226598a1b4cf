// Package fakelms is a small LMS for trying Lectern: two learners, a teacher, a
// course page whose links launch in an iframe, and a gradebook that takes
// outcomes.
//
// It is the other side of the protocol, so it is written from the standards and
// from what real LMSs were seen to do, and shares no signing or XML code with
// the product: a mistake made on both sides would otherwise pass unseen. What
// the standards leave free (order and spelling of parameters, shape of ids and
// sourcedids, wording of answers) comes from a [Personality], drawn from a seed.
//
// The flow: [LMS.ServeHTTP] shows the course; a link page embeds /launch/{id},
// which posts a form signed by [LMS.Launch] to the tool [OAuth1 §3.4]; the tool
// answers at the outcome address with replaceResult, which is checked more
// strictly than most LMSs do and then shown in the gradebook. Faults of both
// directions can be switched on: [LaunchFault] and [LMS.FailOutcomes].
//
// Nothing is stored: an LMS lives as long as its process. It is not for real
// courses: whoever reaches its pages can be anybody.
package fakelms
