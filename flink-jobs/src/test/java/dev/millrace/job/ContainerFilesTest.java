package dev.millrace.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SpecVersion;
import dev.millrace.job.config.MillraceConfig;
import dev.millrace.job.io.Topics;
import dev.millrace.model.simd.Simd;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1PersistentVolumeClaim;
import io.kubernetes.client.openapi.models.V1Pod;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscaler;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.configuration.MemorySize;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.junit.jupiter.api.Test;

/**
 * The compose file, the manifests and the image are what their schemas want, and name what there
 * is.
 */
class ContainerFilesTest {

  private static final String DEFAULTS = "env.java.default-opts.taskmanager";

  /** By which small bases answer. */
  private static final String VECTOR_API = "--add-modules=" + Simd.MODULE;

  private static final Path DOCKER = Path.of(System.getProperty("millrace.root"), "docker");
  private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());
  private static final JsonSchemaFactory SCHEMAS =
      JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V7);

  /** Reads one kind of object strictly. */
  private interface Kind {
    void validate(JsonElement json) throws IOException;
  }

  private static final Map<String, Kind> KINDS =
      Map.of(
          "Deployment", V1Deployment::validateJsonElement,
          "Job", V1Job::validateJsonElement,
          "StatefulSet", V1StatefulSet::validateJsonElement,
          "Service", V1Service::validateJsonElement,
          "PersistentVolumeClaim", V1PersistentVolumeClaim::validateJsonElement,
          "HorizontalPodAutoscaler", V2HorizontalPodAutoscaler::validateJsonElement);

  @Test
  void compose_bySpecification_isValid() throws IOException {
    JsonSchema schema;
    try (InputStream in = resource("/schemas/compose-spec.json")) {
      schema = SCHEMAS.getSchema(withoutIds(YAML.readTree(in)));
    }
    JsonNode compose = merged(YAML.readTree(DOCKER.resolve("compose.yaml").toFile()));
    assertEquals(List.of(), List.copyOf(schema.validate(compose)));
    ((ObjectNode) compose.at("/services/kafka")).put("immage", "x");
    assertFalse(schema.validate(compose).isEmpty(), "the schema knows its fields");
  }

  @Test
  void compose_everyPort_isBoundToLoopback() throws IOException {
    JsonNode compose = YAML.readTree(DOCKER.resolve("compose.yaml").toFile());
    List<String> ports = new ArrayList<>();
    compose.findValues("ports").forEach(list -> list.forEach(port -> ports.add(port.asText())));
    assertTrue(ports.size() >= 4, ports.toString());
    ports.forEach(port -> assertTrue(port.startsWith("127.0.0.1:"), port));
  }

  /** Releases and checkpoints outlived the containers, and the topics that they go by did not. */
  @Test
  void compose_topics_outliveTheContainers() throws IOException {
    JsonNode compose = YAML.readTree(DOCKER.resolve("compose.yaml").toFile());
    JsonNode kafka = compose.at("/services/kafka");
    String folder = kafka.at("/environment/KAFKA_LOG_DIRS").asText();
    assertEquals("kafka:" + folder, kafka.at("/volumes/0").asText());
    assertTrue(compose.path("volumes").has("kafka"));
  }

  /** Flink's entry script takes the blanks out of each line, and gives every process a size. */
  @Test
  void compose_flinkProperties_surviveTheEntryScript() throws IOException {
    JsonNode compose = YAML.readTree(DOCKER.resolve("compose.yaml").toFile());
    Map<String, String> options = new TreeMap<>();
    options.put("taskmanager.memory.process.size", "1728m"); // in the image's own configuration
    options.put("jobmanager.memory.process.size", "1600m");
    compose
        .at("/x-flink/environment/FLINK_PROPERTIES")
        .asText()
        .lines()
        .map(line -> line.split(": ", 2))
        .forEach(option -> options.put(option[0], option[1]));
    options.values().forEach(value -> assertFalse(value.matches(".*\\s.*"), value));
    Configuration flink = Configuration.fromMap(options);
    var tasks = TaskExecutorProcessUtils.processSpecFromConfig(flink);
    assertEquals(MemorySize.parse("1g"), tasks.getTaskHeapSize());
    JobManagerProcessUtils.processSpecFromConfig(flink);
    assertEquals(
        Duration.ofDays(7).toSeconds(), flink.get(JobManagerOptions.JOB_STORE_EXPIRATION_TIME));
  }

  @Test
  void manifests_flinkDeployments_areValidByTheirDefinition() throws IOException {
    JsonSchema schema = flinkDeployment();
    List<JsonNode> deployments =
        manifests().stream()
            .filter(m -> m.path("kind").asText().equals("FlinkDeployment"))
            .toList();
    assertEquals(3, deployments.size());
    for (JsonNode deployment : deployments) {
      // The definition at hand is of an operator that is older than Flink 2.2.
      JsonNode version = ((ObjectNode) deployment.path("spec")).remove("flinkVersion");
      assertEquals("v2_2", version.asText());
      assertEquals(List.of(), List.copyOf(schema.validate(deployment)));
      for (JsonNode template : deployment.findValues("podTemplate")) {
        V1Pod.validateJsonElement(JsonParser.parseString(template.toString()));
      }
      assertEquals(9999, deployment.at("/spec/podTemplate/spec/securityContext/fsGroup").asInt());
      JsonNode flink = deployment.at("/spec/flinkConfiguration");
      assertEquals("false", flink.path("web.submit.enable").asText());
      assertEquals("false", flink.path("web.cancel.enable").asText());
      assertEquals("dev.millrace.job.JobMain", deployment.at("/spec/job/entryClass").asText());
      List<String> arguments = new ArrayList<>();
      deployment.at("/spec/job/args").forEach(argument -> arguments.add(argument.asText()));
      MillraceConfig.read(arguments.subList(1, arguments.size()));
    }
    ((ObjectNode) deployments.get(0).at("/spec/job")).put("parallelism", "many");
    assertFalse(schema.validate(deployments.get(0)).isEmpty(), "the schema knows its types");
  }

  @Test
  void manifests_whatKubernetesKnows_isValid() throws IOException {
    int validated = 0;
    for (JsonNode manifest : manifests()) {
      String kind = manifest.path("kind").asText();
      if (!kind.equals("FlinkDeployment")) {
        Kind known = Objects.requireNonNull(KINDS.get(kind), kind);
        known.validate(JsonParser.parseString(manifest.toString()));
        validated++;
        ObjectNode broken = manifest.deepCopy();
        broken.withObject("/spec").put("replicaz", 1);
        assertThrows(
            RuntimeException.class,
            () -> known.validate(JsonParser.parseString(broken.toString())),
            kind);
      }
    }
    assertTrue(validated >= 6, validated + " objects");
  }

  /**
   * Brokers that make none by themselves are given the topics that {@code ./millrace topics} makes.
   */
  @Test
  void manifests_topics_areThoseOfBothJobs() throws IOException {
    JsonNode job =
        manifests().stream()
            .filter(m -> m.path("kind").asText().equals("Job"))
            .findFirst()
            .orElseThrow();
    Map<String, String> created = new TreeMap<>();
    var line = Pattern.compile("create (millrace\\.\\w+) --partitions (.*)");
    String script = job.at("/spec/template/spec/containers/0/args/0").asText();
    assertTrue(
        script.contains(
            "--create --if-not-exists --config max.message.bytes=16777216 --config compression.type=uncompressed "));
    var found = line.matcher(script);
    while (found.find()) {
      created.put(found.group(1), found.group(2));
    }
    Topics topics = new Topics(Topics.DEFAULT_PREFIX);
    Map<String, String> expected = new TreeMap<>();
    topics.all().forEach(topic -> expected.put(topic, "4"));
    for (String topic : List.of(topics.samples(), topics.requests(), topics.answers())) {
      expected.put(topic, "4 --config message.timestamp.type=LogAppendTime");
    }
    expected.put(
        topics.releases(),
        "1 --config cleanup.policy=compact --config min.compaction.lag.ms=604800000");
    expected.put(topics.chunks(), "4 --config retention.ms=3600000");
    assertEquals(expected, created);
  }

  @Test
  void manifests_horizontalPodAutoscaler_goesBySeventyPercentOfTheProcessor() throws IOException {
    JsonNode hpa =
        manifests().stream()
            .filter(m -> m.path("kind").asText().equals("HorizontalPodAutoscaler"))
            .findFirst()
            .orElseThrow();
    assertEquals(70, hpa.at("/spec/metrics/0/resource/target/averageUtilization").asInt());
    assertEquals("cpu", hpa.at("/spec/metrics/0/resource/name").asText());
  }

  /** A task manager opens the base that its job will, by the agent that the image has. */
  @Test
  void manifests_agent_isOfTheImageAndOpensTheJobsBase() throws IOException {
    String dockerfile = Files.readString(DOCKER.resolve("Dockerfile"));
    List<String> options = new ArrayList<>();
    for (JsonNode manifest : manifests()) {
      JsonNode option = manifest.at("/spec/flinkConfiguration/env.java.opts.taskmanager");
      if (!option.isMissingNode()) {
        options.add(option.asText());
        assertEquals(VECTOR_API, manifest.at("/spec/flinkConfiguration/" + DEFAULTS).asText());
        String base = option.asText().replaceAll(".*=", "");
        List<String> arguments = new ArrayList<>();
        manifest.at("/spec/job/args").forEach(word -> arguments.add(word.asText()));
        assertTrue(arguments.contains("base.dir=" + base), base + " in " + arguments);
      }
    }
    assertEquals(3, options.size());
    assertTrue(
        dockerfile.contains(" DJL_OFFLINE=true "), "no process of the image looks things up");
    String compose = Files.readString(DOCKER.resolve("compose.yaml"));
    assertTrue(compose.contains(DEFAULTS + ": " + VECTOR_API + "\n"));
    for (String option : options) {
      assertTrue(compose.contains("env.java.opts.taskmanager: " + option + "\n"), option);
      String jar = option.replaceAll(".*-javaagent:([^=]*)=.*", "$1");
      assertTrue(dockerfile.contains("target/" + Path.of(jar).getFileName() + " "), jar);
    }
  }

  /** The jars that the image copies into Flink's lib are those of {@code cluster up}. */
  @Test
  void dockerfile_copiedJars_areThoseOfClusterUp() throws IOException {
    TreeSet<String> copied = new TreeSet<>();
    var jar = Pattern.compile("target/lib/([\\w-]+)-\\*\\.jar");
    var found = jar.matcher(Files.readString(DOCKER.resolve("Dockerfile")));
    while (found.find()) {
      copied.add(found.group(1));
    }
    assertEquals(
        new TreeSet<>(
            List.of(
                "api",
                "avro",
                "caffeine",
                "flink-connector-base",
                "flink-connector-kafka",
                "jackson-annotations",
                "jackson-core",
                "jackson-databind",
                "jna",
                "kafka-clients",
                "lz4-java",
                "model-runtime",
                "pytorch",
                "schemas",
                "tokenizers",
                "zstd-jni")),
        copied);
  }

  private static List<JsonNode> manifests() throws IOException {
    List<JsonNode> manifests = new ArrayList<>();
    try (Stream<Path> files = Files.list(DOCKER.resolve("kubernetes"))) {
      for (Path file : files.sorted().toList()) {
        try (var documents = YAML.readerFor(JsonNode.class).<JsonNode>readValues(file.toFile())) {
          documents.forEachRemaining(manifests::add);
        }
      }
    }
    return manifests;
  }

  /** The operator's own definition, as a JSON schema. */
  private static JsonSchema flinkDeployment() throws IOException {
    JsonNode definition;
    try (InputStream in = resource("/META-INF/fabric8/flinkdeployments.flink.apache.org-v1.yml")) {
      definition = YAML.readTree(in);
    }
    for (JsonNode version : definition.at("/spec/versions")) {
      if (version.path("name").asText().equals("v1beta1")) {
        return SCHEMAS.getSchema(version.at("/schema/openAPIV3Schema"));
      }
    }
    throw new IllegalStateException("no version v1beta1");
  }

  /** It names its parts as an older draft did than the one that it says it follows. */
  private static JsonNode withoutIds(JsonNode schema) {
    if (schema instanceof ObjectNode object && object.path("id").isTextual()) {
      object.remove("id");
    }
    schema.forEach(ContainerFilesTest::withoutIds);
    return schema;
  }

  /** YAML's merge keys are the reader's affair; the schema knows none. */
  private static JsonNode merged(JsonNode node) {
    if (node instanceof ObjectNode object) {
      JsonNode base = object.remove("<<");
      if (base instanceof ObjectNode inherited) {
        ObjectNode all = inherited.deepCopy();
        all.setAll(object);
        object.removeAll();
        object.setAll(all);
      }
    }
    node.forEach(ContainerFilesTest::merged);
    return node;
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(ContainerFilesTest.class.getResourceAsStream(name), name);
  }
}
