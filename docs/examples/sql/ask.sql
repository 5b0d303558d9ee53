-- A topic of mails as JSON, a model that answers by the current release of a domain, and what it says to each mail.
--   ./millrace cluster up && ./millrace sql docs/examples/sql/ask.sql --rows 3
-- ./millrace sql puts keys of the configuration in place of ${…}; in another SQL client write the values.

CREATE TABLE mails (
  id STRING,
  body STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'example.mails',
  'properties.bootstrap.servers' = '${kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset',
  'format' = 'json'
);

CREATE MODEL support
INPUT (prompt STRING)
OUTPUT (answer STRING, error STRING, release_id STRING, learned_to STRING)
WITH (
  'provider' = 'millrace',
  'domain' = 'legal',
  'max-tokens' = '24',
  'stop' = '.',
  'kafka.bootstrap' = '${kafka.bootstrap}',
  'base.dir' = '${base.dir}'
);

INSERT INTO mails VALUES
  ('mail-1', 'Permission is hereby granted'),
  ('mail-2', 'THE SOFTWARE IS PROVIDED'),
  ('mail-3', 'You may not use this file except');

SELECT id, body, answer, release_id, error
FROM ML_PREDICT(TABLE mails, MODEL support, DESCRIPTOR(body));
