-- A job that stays: each mail that arrives is answered onto another topic, by whatever release is current then.
--   ./millrace cluster up && ./millrace sql docs/examples/sql/answers-topic.sql

CREATE TABLE mails (
  id STRING,
  body STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'example.mails',
  'properties.bootstrap.servers' = '${kafka.bootstrap}',
  'properties.group.id' = 'example-answers',
  'scan.startup.mode' = 'group-offsets',
  'properties.auto.offset.reset' = 'earliest',
  'format' = 'json'
);

CREATE TABLE answered (
  id STRING,
  answer STRING,
  error STRING,
  release_id STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'example.answered',
  'properties.bootstrap.servers' = '${kafka.bootstrap}',
  'format' = 'json'
);

CREATE MODEL support
INPUT (prompt STRING)
OUTPUT (answer STRING, error STRING, release_id STRING)
WITH (
  'provider' = 'millrace',
  'domain' = 'legal',
  'max-tokens' = '24',
  'kafka.bootstrap' = '${kafka.bootstrap}',
  'redis.uri' = '${redis.uri}',
  'base.dir' = '${base.dir}'
);

-- So many rows share the model's batch; ALLOW_UNORDERED lets a short answer overtake a long one.
SET 'table.exec.async-ml-predict.max-concurrent-operations' = '16';
SET 'table.exec.async-ml-predict.output-mode' = 'ALLOW_UNORDERED';

-- Without checkpoints Flink gives a job up at its first failure. With each it also notes how far the group has read.
SET 'execution.checkpointing.interval' = '1s';

INSERT INTO answered
SELECT id, answer, error, release_id
FROM ML_PREDICT(TABLE mails, MODEL support, DESCRIPTOR(body));
