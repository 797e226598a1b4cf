package config

// People is how people sign in and hear from the site.
type People struct {
	SMTPURL string `name:"smtp-url" env:"LECTERN_SMTP_URL" help:"Mail server for links to people who forgot their password: smtp://user:password@host:587 (STARTTLS) or smtps://user:password@host:465. With ?tls=none, letters go unencrypted to a server without a password. Without the setting, operators hand out such links." placeholder:"URL"`

	MailFrom string `env:"LECTERN_MAIL_FROM" help:"Address that letters come from, e.g. Lectern <no-reply@lectern.example.edu>." placeholder:"ADDRESS"`

	OIDCIssuer string `name:"oidc-issuer" env:"LECTERN_OIDC_ISSUER" help:"Issuer of an OpenID Connect identity provider that people may sign in with, exactly as it names itself. Its callback address here is /login/idp/callback." placeholder:"URL"`

	OIDCClientID string `name:"oidc-client-id" env:"LECTERN_OIDC_CLIENT_ID" help:"Client ID of this site at the identity provider." placeholder:"ID"`

	OIDCClientSecret string `name:"oidc-client-secret" env:"LECTERN_OIDC_CLIENT_SECRET" help:"Client secret of this site at the identity provider." placeholder:"SECRET"`

	OIDCName string `name:"oidc-name" default:"your campus account" env:"LECTERN_OIDC_NAME" help:"What the sign-in page calls the identity provider, after \"Sign in with\"." placeholder:"NAME"`
}
