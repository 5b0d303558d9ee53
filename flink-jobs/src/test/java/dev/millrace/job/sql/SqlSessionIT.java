package dev.millrace.job.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.job.embedded.SecureBroker;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
class SqlSessionIT {

  private static final String TOPIC = "mails";

  @Test
  void run_tableOfABrokerThatAsksWhoComes_itsTopicIsMade(@TempDir Path folder) throws Exception {
    try (SecureBroker broker = SecureBroker.start(folder, List.of("analyst"));
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.open()))) {
      broker.allow(List.of(everythingOn(TOPIC, "analyst")));
      Map<String, String> client = new HashMap<>(broker.client("analyst"));
      client.put("bootstrap.servers", broker.secure());
      String options =
          client.entrySet().stream()
              .map(option -> "'properties.%s' = '%s'".formatted(option.getKey(), option.getValue()))
              .collect(Collectors.joining(", "));
      SqlSession session =
          new SqlSession(StreamExecutionEnvironment.createLocalEnvironment(1), said -> {});
      var unused =
          session.run(
              "CREATE TABLE mails (body STRING) WITH ('connector' = 'kafka', 'topic' = '%s', 'format' = 'json', %s)"
                  .formatted(TOPIC, options));
      unused = session.run("INSERT INTO mails VALUES ('hello')");
      assertTrue(admin.listTopics().names().get().contains(TOPIC));
    }
  }

  @Test
  void run_temporaryTableAndOneOfChanges_theirTopicsAreMade(@TempDir Path folder) throws Exception {
    try (SecureBroker broker = SecureBroker.start(folder, List.of());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.open()))) {
      SqlSession session =
          new SqlSession(StreamExecutionEnvironment.createLocalEnvironment(1), said -> {});
      String at = "'properties.bootstrap.servers' = '%s'".formatted(broker.open());
      for (String statement :
          List.of(
              "CREATE TEMPORARY TABLE sent (body STRING) WITH ('connector' = 'kafka', 'topic' = 'sent', 'format' = 'json', 'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', %s)",
              "CREATE TABLE counts (body STRING, n BIGINT, PRIMARY KEY (body) NOT ENFORCED) WITH ('connector' = 'upsert-kafka', 'topic' = 'counts', 'key.format' = 'json', 'value.format' = 'json', %s)",
              "CREATE TEMPORARY VIEW bodies AS SELECT body FROM sent",
              "CREATE TEMPORARY VIEW long_bodies AS SELECT body FROM bodies",
              "INSERT INTO counts SELECT body, COUNT(*) FROM long_bodies GROUP BY body")) {
        var unused = session.run(statement.formatted(at));
      }
      assertEquals(Set.of("sent", "counts"), admin.listTopics().names().get());
    }
  }

  @Test
  void run_tableOfAnotherDatabase_itsTopicIsMadeWithoutUse(@TempDir Path folder) throws Exception {
    try (SecureBroker broker = SecureBroker.start(folder, List.of());
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.open()))) {
      SqlSession session =
          new SqlSession(StreamExecutionEnvironment.createLocalEnvironment(1), said -> {});
      for (String statement :
          List.of(
              "CREATE DATABASE post",
              "CREATE TABLE post.mails (body STRING) WITH ('connector' = 'kafka', 'topic' = 'mails', 'format' = 'json', 'properties.bootstrap.servers' = '%s')",
              "INSERT INTO post.mails VALUES ('hello')")) {
        var unused = session.run(statement.formatted(broker.open()));
      }
      assertEquals(Set.of("mails"), admin.listTopics().names().get());
    }
  }

  private static AclBinding everythingOn(String topic, String user) {
    return new AclBinding(
        new ResourcePattern(ResourceType.TOPIC, topic, PatternType.LITERAL),
        new AccessControlEntry("User:" + user, "*", AclOperation.ALL, AclPermissionType.ALLOW));
  }
}
