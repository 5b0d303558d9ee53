package dev.millrace.job.gateway;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Calls of 8 bytes at most, 32 in all. */
class BodyBytesTest {

  private final BodyBytes bytes = new BodyBytes(32, 8);

  private void assertFull(String account, int declared, String expected) {
    ApiProblem problem = assertThrows(ApiProblem.class, () -> bytes.enter(account, declared));
    assertEquals(429, problem.status());
    assertEquals(expected, problem.getMessage());
  }

  @Test
  void enter_anAccountHasHalf_isToldSoAndOthersGoOnUntilAllIsTaken() {
    List<BodyBytes.Share> shares = new ArrayList<>();
    shares.add(bytes.enter("a", 8));
    shares.add(bytes.enter("a", 8));
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
    shares.add(bytes.enter("b", 8));
    shares.add(bytes.enter("c", 8));
    assertFull("c", 2, "34 bytes of bodies of all callers under way, expected at most 32");
    shares.get(2).leave();
    bytes.enter("c", 8); // what was refused has left nothing
  }

  /** It counts as 64 KiB, or the largest if that is less. */
  @Test
  void fit_callThatSaidNoSize_countsAsWhatHasCome() {
    BodyBytes large = new BodyBytes(1 << 20, 1 << 18);
    BodyBytes.Share first = large.enter("a", -1);
    BodyBytes.Share second = large.enter("a", -1);
    first.fit((1 << 18) - 9);
    second.fit(1 << 18);
    ApiProblem none = assertThrows(ApiProblem.class, () -> large.enter("a", 10));
    assertEquals("524289 bytes of bodies under way, expected at most 524288", none.getMessage());
    BodyBytes.Share third = large.enter("a", 9);
    assertThrows(ApiProblem.class, () -> third.fit(10)); // and keeps the 9
    first.leave();
    first.fit(5); // its client had gone away
    second.leave();
    third.leave();
    assertEquals(429, full(large, 1 << 18, 1 << 18, 1).status());
  }

  @Test
  void read_bodiesThatSayNoSize_countWhileTheyCome() throws IOException {
    BodyBytes large = new BodyBytes(1 << 21, 1 << 20);
    BodyBytes.Share first = large.enter("a", -1);
    assertEquals(3 << 18, first.read(new ByteArrayInputStream(new byte[3 << 18])).length);
    BodyBytes.Share second = large.enter("a", -1);
    InputStream body = new ByteArrayInputStream(new byte[1 << 20]);
    ApiProblem none = assertThrows(ApiProblem.class, () -> second.read(body));
    assertEquals(429, none.status());
    assertTrue(body.available() > 1 << 19, "what has no room is not read");
    first.leave();
    second.leave();
    large.enter("a", 1 << 20);
  }

  @Test
  void read_moreThanABodyMayHave_isToldSoAndReadNoFurther() throws IOException {
    BodyBytes large = new BodyBytes(1 << 30, 1 << 20);
    InputStream body = new ByteArrayInputStream(new byte[1 << 22]);
    ApiProblem more = assertThrows(ApiProblem.class, () -> large.enter("a", -1).read(body));
    assertEquals("the body has more, expected at most 1048576 bytes", more.getMessage());
    assertTrue(body.available() > 1 << 21);
  }

  /** A tree of empty objects takes some thirty times their bytes. */
  @Test
  void read_bodyOfManyValues_countsAsWhatItBecomesWhenItIsParsed() throws IOException {
    BodyBytes large = new BodyBytes(16 << 20, 1 << 20);
    byte[] objects = ("[" + "{},".repeat(30_000) + "{}]").getBytes(UTF_8);
    BodyBytes.Share first = large.enter("a", objects.length);
    assertArrayEquals(objects, first.read(new ByteArrayInputStream(objects)));
    BodyBytes.Share second = large.enter("a", objects.length);
    ApiProblem none =
        assertThrows(ApiProblem.class, () -> second.read(new ByteArrayInputStream(objects)));
    assertEquals(429, none.status());
    second.leave();
    for (int i = 0; i < 8; i++) {
      byte[] text = ("[\"" + "x".repeat(objects.length) + "\"]").getBytes(UTF_8);
      assertEquals(
          text.length, large.enter("a", text.length).read(new ByteArrayInputStream(text)).length);
    }
  }

  @Test
  void read_bodyThatBecomesMoreThanThereIs_isReadAlone() throws IOException {
    BodyBytes small = new BodyBytes(1 << 16, 1 << 14);
    byte[] objects = ("[" + "{},".repeat(3_000) + "{}]").getBytes(UTF_8);
    BodyBytes.Share first = small.enter("a", -1);
    assertArrayEquals(objects, first.read(new ByteArrayInputStream(objects)));
    assertThrows(ApiProblem.class, () -> small.enter("a", 1));
    first.leave();
    small.enter("a", 1);
  }

  /** What the last of them is told. */
  private static ApiProblem full(BodyBytes bytes, int... sizes) {
    for (int size : Arrays.copyOf(sizes, sizes.length - 1)) {
      bytes.enter("a", size);
    }
    return assertThrows(ApiProblem.class, () -> bytes.enter("a", sizes[sizes.length - 1]));
  }

  /** As of a heap beyond 32 GB. */
  @Test
  void enter_moreThanTwoGigabytesUnderWay_countsOn() {
    BodyBytes large = new BodyBytes(8L << 30, 1L << 30);
    ApiProblem none = full(large, 1 << 30, 1 << 30, 1 << 30, 1 << 30, 1);
    assertEquals(
        "4294967297 bytes of bodies under way, expected at most 4294967296", none.getMessage());
  }

  /** It is refused for its size once it is read; it takes no more room than it may. */
  @Test
  void enter_callThatSaysMoreThanItMayHave_countsAsTheLargest() {
    bytes.enter("a", Integer.MAX_VALUE);
    bytes.enter("a", 8);
    assertFull("a", 1, "17 bytes of bodies under way, expected at most 16");
  }
}
