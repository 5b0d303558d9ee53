package dev.millrace.job.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.schema.wire.Codecs;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The producers of the docs before a door that takes everything. */
class ExamplesTest {

  private static final Path EXAMPLES =
      Path.of(System.getProperty("millrace.root"), "docs", "examples");
  private static final String JAVA =
      Path.of(System.getProperty("java.home"), "bin", "java").toString();
  private static final String DOMAIN = "my mails & others";

  /** A call: the domain that it names, and its key. */
  private record Call(String domain, String key) {}

  @TempDir Path folder;

  private final Queue<Call> calls = new ConcurrentLinkedQueue<>();
  private final AtomicInteger toBreakOff = new AtomicInteger();
  private HttpServer door;
  private volatile int status = 200;
  private volatile String reply = "{\"written\":1,\"refusals\":0,\"refused\":[]}";

  @BeforeEach
  void open() throws IOException {
    door = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    door.createContext("/v1/samples", this::take);
    door.start();
  }

  @AfterEach
  void close() {
    door.stop(0);
  }

  private void take(HttpExchange call) throws IOException {
    try (call) {
      call.getRequestBody().readAllBytes();
      String query = call.getRequestURI().getRawQuery();
      String domain = URLDecoder.decode(query.substring("domain=".length()), UTF_8);
      calls.add(new Call(domain, call.getRequestHeaders().getFirst("Idempotency-Key")));
      if (toBreakOff.getAndDecrement() <= 0) {
        byte[] body = reply.getBytes(UTF_8);
        call.sendResponseHeaders(status, body.length);
        call.getResponseBody().write(body);
      }
    }
  }

  @Test
  void python_callIsBrokenOff_isMadeAgainUnderItsKey() throws Exception {
    Path lines = lines("{\"text\": \"a text\"}");
    toBreakOff.set(1);
    assertEquals("1 samples written, 0 refused", python(DOMAIN, lines));
    python("another", lines);
    List<Call> found = new ArrayList<>(calls);
    assertEquals(3, found.size(), found::toString);
    assertEquals(DOMAIN, found.get(0).domain());
    assertEquals(found.get(0), found.get(1));
    assertNotEquals(found.get(0).key(), found.get(2).key());
  }

  /** Which counts blank lines, too. */
  @Test
  void python_lineIsRefused_isNamedByItsNumberInTheFile() throws Exception {
    Path lines = lines("\n{\"text\": \"a text\"}\n\n{}");
    String refused = "{\"line\":2,\"reason\":\"bad-json\",\"detail\":\"no text\"}";
    reply = "{\"written\":1,\"refusals\":1,\"refused\":[%s]}".formatted(refused);
    String said = python(1, DOMAIN, lines);
    assertTrue(said.lines().toList().contains("line 4: bad-json: no text"), said);
    status = 400;
    assertEquals("lines 2 to 4, sent as 1 to 2: 400: " + reply, python(1, DOMAIN, lines));
  }

  /** Or a feed would stop for good at a hundred lines in a row that are of no use. */
  @Test
  void python_allLinesOfACallAreRefused_saysSoAndGoesOn() throws Exception {
    allRefused();
    String said = python(1, DOMAIN, lines("{}\n".repeat(150)));
    assertEquals(2, calls.size());
    assertTrue(said.contains("lines 1 to 100, sent as 1 to 100: " + reply), said);
    assertTrue(said.endsWith("0 samples written, 150 refused"), said);
  }

  @Test
  void java_allLinesOfACallAreRefused_saysSoAndGoesOn() throws Exception {
    allRefused();
    java(DOMAIN, lines("{}\n".repeat(150)));
    assertEquals(2, calls.size());
    assertTrue(Files.readString(folder.resolve("said")).contains("lines from 101 on: " + reply));
  }

  private void allRefused() {
    status = 400;
    reply = "{\"error\":{\"message\":\"100 refused\",\"code\":\"no_valid_sample\"}}";
  }

  /** Where the platform's own encoding has neither letter. */
  @Test
  void java_otherTextOrDomain_hasAnotherKey() throws Exception {
    java(DOMAIN, lines("{\"text\": \"\u00e4\"}"));
    java(DOMAIN, lines("{\"text\": \"\u00f6\"}"));
    java("another", lines("{\"text\": \"\u00f6\"}"));
    assertEquals(DOMAIN, calls.element().domain());
    assertEquals(3, calls.stream().map(Call::key).distinct().count(), calls::toString);
  }

  /** The schema that it named before is none without the files of the types in it. */
  @Test
  void page_schemaOfSamples_isWholeAndTheOneThatIsRead() throws IOException {
    String page = Files.readString(EXAMPLES.resolve("README.md"));
    Matcher file = Pattern.compile("load_schema\\(\"([^\"]*)\"").matcher(page);
    assertTrue(file.find());
    Schema schema = new Schema.Parser().parse(EXAMPLES.resolve("../../" + file.group(1)).toFile());
    long fingerprint = SchemaNormalization.parsingFingerprint64(schema);
    assertTrue(Codecs.schemas().containsKey(fingerprint), schema.getName());
    ByteBuffer header = ByteBuffer.allocate(10).order(ByteOrder.LITTLE_ENDIAN);
    header.put((byte) 0xc3).put((byte) 0x01).putLong(fingerprint);
    assertTrue(page.contains('"' + HexFormat.of().formatHex(header.array()) + '"'));
  }

  private Path lines(String text) throws IOException {
    return Files.writeString(folder.resolve("lines.jsonl"), text + "\n");
  }

  private String url() {
    return "http://127.0.0.1:" + door.getAddress().getPort();
  }

  private String python(String domain, Path lines) throws Exception {
    return python(0, domain, lines);
  }

  private String python(int expected, String domain, Path lines) throws Exception {
    assumeTrue(hasPython(), "no python3 here");
    String script = EXAMPLES.resolve("producer.py").toString();
    return run(expected, "python3", script, "--url", url(), "--domain", domain, lines.toString());
  }

  private static boolean hasPython() {
    return Arrays.stream(System.getenv("PATH").split(":", -1))
        .anyMatch(bin -> Files.isExecutable(Path.of(bin, "python3")));
  }

  private void java(String domain, Path lines) throws Exception {
    String source = EXAMPLES.resolve("Producer.java").toString();
    String unused =
        run(0, JAVA, "-Dfile.encoding=US-ASCII", source, url(), domain, lines.toString());
  }

  private String run(int expected, String... command) throws Exception {
    Path said = folder.resolve("said");
    Process process =
        new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(said.toFile()).start();
    try {
      assertTrue(process.waitFor(1, TimeUnit.MINUTES), "it goes on");
      assertEquals(expected, process.exitValue(), Files.readString(said));
      return Files.readString(said).strip();
    } finally {
      process.destroyForcibly();
    }
  }
}
