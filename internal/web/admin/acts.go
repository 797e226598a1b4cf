package admin

import (
	"cmp"

	"lectern/internal/locale"
	"lectern/internal/store"
)

// auditRow is an entry of the audit as pages show it.
type auditRow struct {
	store.AuditEntry
	Name string // of the act, in English; its code where it has none
}

// named returns entries of the audit with the names of their acts.
func named(list []store.AuditEntry) []auditRow {
	rows, names := make([]auditRow, len(list)), actNames()
	for i, e := range list {
		rows[i] = auditRow{e, cmp.Or(names[e.Act], e.Act)}
	}
	return rows
}

// actNames are what people call the acts in the audit, by code.
func actNames() map[string]string {
	return map[string]string{
		"access.approve":         locale.Text("request for access approved"),
		"access.decline":         locale.Text("request for access declined"),
		"access.delete":          locale.Text("request for access deleted"),
		"access.mail":            locale.Text("request for access answered by mail"),
		"consumer.test":          locale.Text("link tried without an LMS"),
		"consumer.change":        locale.Text("consumer changed"),
		"consumer.create":        locale.Text("consumer added"),
		"consumer.delete":        locale.Text("consumer deleted"),
		"consumer.drop-secret":   locale.Text("secret of the consumer dropped"),
		"consumer.expire":        locale.Text("old data of the consumer's learners deleted"),
		"consumer.reveal":        locale.Text("secret of the consumer shown"),
		"consumer.rotate":        locale.Text("second secret for the consumer made"),
		"consumer.secret":        locale.Text("secret of the consumer set"),
		"course.check":           locale.Text("problems of the course checked again"),
		"course.delete":          locale.Text("course deleted"),
		"course.discard":         locale.Text("uploaded course discarded"),
		"course.import":          locale.Text("course imported"),
		"course.preview":         locale.Text("content opened as a preview"),
		"course.purge":           locale.Text("old versions of the course deleted"),
		"course.return":          locale.Text("earlier version of the course published"),
		"course.upload":          locale.Text("course uploaded"),
		"dates.set":              locale.Text("dates set"),
		"key.rotate":             locale.Text("secrets sealed anew"),
		"learner.allow":          locale.Text("extra time or attempts given"),
		"learner.clear":          locale.Text("work of the learner cleared"),
		"learner.disallow":       locale.Text("extra time or attempts taken back"),
		"openedx.import":         locale.Text("taken over from Open edX"),
		"outbound.allow":         locale.Text("address for scores allowed"),
		"outbound.withdraw":      locale.Text("address for scores withdrawn"),
		"rescore.apply":          locale.Text("grading again: change of scores ordered"),
		"rescore.cancel":         locale.Text("grading again: cancelled"),
		"rescore.done":           locale.Text("grading again: scores changed"),
		"rescore.preview":        locale.Text("grading again: effect asked for"),
		"score.compare":          locale.Text("scores compared with the LMS"),
		"score.give":             locale.Text("score given by a teacher"),
		"score.repair":           locale.Text("scores repaired at the LMS"),
		"score.resend":           locale.Text("scores sent again"),
		"score.withdraw":         locale.Text("teacher’s score withdrawn"),
		"user.change":            locale.Text("account changed"),
		"user.course":            locale.Text("course given to a course team"),
		"user.create":            locale.Text("account added"),
		"user.delete":            locale.Text("account deleted"),
		"user.disable":           locale.Text("account closed"),
		"user.enable":            locale.Text("account opened again"),
		"user.export":            locale.Text("data of the account downloaded"),
		"user.identity":          locale.Text("identity connected with the account"),
		"user.import":            locale.Text("account imported"),
		"user.link":              locale.Text("LMS user linked to the account"),
		"user.merge":             locale.Text("another account merged into this one"),
		"user.merge_away":        locale.Text("account merged into another"),
		"user.no_identity":       locale.Text("identity disconnected from the account"),
		"user.password":          locale.Text("password set"),
		"user.password_rehashed": locale.Text("password stored in a stronger way"),
		"user.role":              locale.Text("rights of the account set"),
		"user.sign_in_link":      locale.Text("sign-in link made"),
		"user.unlink":            locale.Text("LMS user unlinked from the account"),
	}
}
