-- 0012_launch_log.sql
-- Why: two indexes of the launch log serve only what strangers sent; a good
-- launch need not write them.
-- Rolling upgrade: indexes only. The previous release asks for the same rows and
-- finds them by the smaller indexes as well.

-- +goose Up

DROP INDEX launch_log_verified;
DROP INDEX launch_log_repeat;
CREATE INDEX launch_log_strangers ON launch_log (logged_at) WHERE verified = FALSE;
CREATE INDEX launch_log_repeats ON launch_log (consumer_key, code, logged_at) WHERE verified = FALSE;
