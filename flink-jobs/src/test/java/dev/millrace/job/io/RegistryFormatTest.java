package dev.millrace.job.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.wire.Codecs;
import dev.millrace.schema.wire.InvalidRecordException;
import dev.millrace.schema.wire.RegistryFrame;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryFormatTest {

  private static final String TOPIC = "millrace.rejected";
  private static final Origin ORIGIN = new Origin("samples", 0, 7);
  private static final Rejection REJECTION =
      new Rejection(ORIGIN, "id", "domain", "not-avro", "details", 0.5);
  private static final byte[] VALUE = Codecs.rejections().encode(REJECTION);

  private RegistryOfTests registry;
  private WireFormat format;

  @BeforeEach
  void start() throws IOException {
    registry = RegistryOfTests.start();
    format = new RegistryFormat(registry.url() + "/");
  }

  @AfterEach
  void stop() {
    registry.close();
  }

  @Test
  void write_twice_isAFrameOfTheRegisteredIdAndAsksOnce() {
    byte[] framed = format.write(TOPIC, VALUE);
    assertEquals(0, framed[0]);
    assertEquals(1, ByteBuffer.wrap(framed).getInt(1));
    assertArrayEquals(
        Arrays.copyOfRange(VALUE, 10, VALUE.length),
        Arrays.copyOfRange(framed, 5, framed.length),
        "the record itself is the same");
    assertArrayEquals(framed, format.write(TOPIC, VALUE));
    assertEquals(1, registry.calls());
    assertEquals(java.util.List.of("millrace.rejected-value"), registry.subjects());
  }

  @Test
  void read_frameOrSingleObject_isTheSameRecord() throws InvalidRecordException {
    byte[] framed = format.write(TOPIC, VALUE);
    WireFormat another = new RegistryFormat(registry.url());
    assertArrayEquals(VALUE, another.read(framed));
    assertArrayEquals(VALUE, another.read(framed));
    assertArrayEquals(VALUE, another.read(VALUE));
    assertEquals(2, registry.calls(), "one to register, one to look");
    assertEquals(REJECTION, Codecs.rejections().decode(another.read(framed), ORIGIN));
    assertNull(another.read(null));
  }

  @Test
  void read_schemaThatIsNoneOfOurs_isRefusedByTheCodec() {
    int id = registry.add("{\"type\":\"record\",\"name\":\"Other\",\"fields\":[]}");
    assertRefused(frame(id), "unknown-schema");
  }

  @Test
  void read_schemaOfAnotherTopicOfOurs_isRefusedByTheCodec() {
    byte[] framed = format.write(TOPIC, VALUE);
    var e =
        assertThrows(
            InvalidRecordException.class,
            () -> Codecs.verdicts().decode(format.read(framed), ORIGIN));
    assertTrue(e.getMessage().contains("unknown-schema"), e.getMessage());
  }

  @Test
  void read_idThatIsNotThereOrNamesNoSchema_isRefusedByTheCodecAndAskedForOnce() {
    assertRefused(frame(99), "not-avro");
    assertRefused(frame(99), "not-avro");
    assertEquals(1, registry.calls());
    assertRefused(frame(registry.add("no schema")), "not-avro");
    String fixed = "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}";
    assertRefused(frame(registry.add(fixed)), "not-avro");
    assertRefused(frame(-1), "not-avro");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4})
  void read_frameCutShort_isRefusedByTheCodec(int length) {
    assertRefused(Arrays.copyOf(frame(1), length), "not-avro");
    assertEquals(0, registry.calls());
  }

  @Test
  void read_idThatIsRegisteredLater_isAskedForAgainAfterAWhile() throws Exception {
    WireFormat patient = new RegistryFormat(registry.url(), Duration.ofMillis(50));
    byte[] framed = RegistryFrame.pack(VALUE, 1);
    assertArrayEquals(framed, patient.read(framed));
    registry.add(Codecs.schemas().get(RegistryFrame.fingerprint(VALUE)));
    for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        !Arrays.equals(VALUE, patient.read(framed)); ) {
      assertTrue(System.nanoTime() < end);
      Thread.sleep(10);
    }
  }

  private void assertRefused(byte[] framed, String reason) {
    var e =
        assertThrows(
            InvalidRecordException.class,
            () -> Codecs.rejections().decode(format.read(framed), ORIGIN));
    assertTrue(e.getMessage().contains(reason), e.getMessage());
  }

  private static byte[] frame(int id) {
    return ByteBuffer.allocate(8).put((byte) 0).putInt(id).array();
  }

  @Test
  void write_registryRefuses_saysWhichSubjectAndWhy() {
    registry.refuse();
    var e = assertThrows(IllegalStateException.class, () -> format.write(TOPIC, VALUE));
    assertTrue(
        e.getMessage().contains("/subjects/millrace.rejected-value/versions: 409"), e::getMessage);
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 500, 503})
  void readAndWrite_registryCannotAnswer_throwWhatMayBeTriedAgain(int status) {
    registry.trouble(status);
    var e = assertThrows(UncheckedIOException.class, () -> format.read(frame(1)));
    assertTrue(e.getMessage().contains("/schemas/ids/1: " + status), e::toString);
    assertThrows(UncheckedIOException.class, () -> format.write(TOPIC, VALUE));
    registry.trouble(0);
    assertEquals(0, format.write(TOPIC, VALUE)[0]);
  }

  @Test
  @Timeout(60)
  void schema_registryStopsInTheMiddleOfItsAnswer_isNotWaitedForWithoutEnd() {
    registry.trouble(RegistryOfTests.STOPS);
    SchemaRegistry asked = new SchemaRegistry(registry.url(), Duration.ofSeconds(2));
    assertThrows(UncheckedIOException.class, () -> asked.schema(1));
  }

  @Test
  void readAndWrite_registryIsDown_throwRatherThanRefuseWhatMayBeValid() {
    registry.close();
    assertThrows(UncheckedIOException.class, () -> format.read(frame(1)));
    assertThrows(UncheckedIOException.class, () -> format.write(TOPIC, VALUE));
  }
}
