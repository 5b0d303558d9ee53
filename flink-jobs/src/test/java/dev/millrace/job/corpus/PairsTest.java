package dev.millrace.job.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.media.Picture;
import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sound;
import dev.millrace.model.media.Sounds;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class PairsTest {

  @Test
  void load_icons_arePicturesOfTheirNames() throws Exception {
    List<Pair> icons = Pairs.load(Pairs.ICONS);
    assertTrue(icons.size() > 5_000, "" + icons.size());
    Map<String, Pair> byName =
        icons.stream().collect(Collectors.toMap(Pair::caption, Function.identity()));
    Picture left = picture(byName, "arrow left");
    Picture right = picture(byName, "arrow right");
    assertTrue(ink(left, 11, 13) > 0.5 && ink(left, 20, 13) < 0.1, "its head is to the left");
    assertTrue(ink(right, 20, 13) > 0.5 && ink(right, 11, 13) < 0.1, "its head is to the right");
    assertEquals(byName.get("heart").document(), byName.get("heart outline").document());
    assertFalse(byName.get("heart").document().equals(byName.get("heart broken").document()));
  }

  /** So the encoders that ship learned them. */
  @Test
  void load_icons_haveTheEdgesThatJavaShowsOfGrey() throws Exception {
    BufferedImage grey = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
    Set<Integer> shown = new HashSet<>();
    for (int i = 0; i < 256; i++) {
      grey.getRaster().setSample(i, 0, 0, i);
      shown.add(grey.getRGB(i, 0));
    }
    Set<Integer> found = new HashSet<>();
    for (Pair pair : Pairs.load(Pairs.ICONS).subList(0, 100)) {
      BufferedImage icon = ImageIO.read(new ByteArrayInputStream(pair.payload().get()));
      assertEquals(3, icon.getRaster().getNumBands(), "in a file's grey they would be darker");
      for (int i = 0; i < icon.getWidth() * icon.getHeight(); i++) {
        found.add(icon.getRGB(i % icon.getWidth(), i / icon.getWidth()));
      }
    }
    assertTrue(found.size() > 100 && shown.containsAll(found), found::toString);
  }

  @Test
  void load_speech_saysTheSameEveryTime() throws Exception {
    List<Pair> speech = Pairs.load(Pairs.SPEECH);
    assertTrue(speech.size() > 5_000, "" + speech.size());
    assertEquals(
        speech.size(), speech.stream().map(Pair::caption).distinct().count(), "captions twice");
    Pair pair = speech.get(17);
    byte[] wav = pair.payload().get();
    assertArrayEquals(wav, pair.payload().get());
    Sound sound = Sounds.read(wav);
    assertTrue(sound.millis() > 800 && sound.millis() < 8_000, sound.millis() + " ms");
  }

  @Test
  void payload_soundsThatTheVoiceLacks_printsNothing() {
    Pair pair =
        Pairs.load(Pairs.SPEECH).stream()
            .filter(p -> p.caption().equals("small veins coming from the ciliary body"))
            .findFirst()
            .orElseThrow();
    PrintStream err = System.err;
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    System.setErr(new PrintStream(printed, true, UTF_8));
    try {
      byte[] unused = pair.payload().get();
    } finally {
      System.setErr(err);
    }
    assertEquals("", printed.toString(UTF_8));
  }

  @Test
  void load_methods_areCodeWithAFirstSentence() {
    List<Pair> methods = Pairs.load(Pairs.METHODS);
    assertTrue(methods.size() > 5_000, "" + methods.size());
    for (Pair pair : methods) {
      String code = new String(pair.payload().get(), UTF_8);
      assertTrue(code.contains("(") && code.contains("{"), code);
      assertFalse(code.startsWith("/"), code);
      assertFalse(pair.caption().contains("@") && pair.caption().startsWith("@"), pair.caption());
      assertTrue(pair.caption().length() > 10, pair.caption());
    }
  }

  @Test
  void sentence_ofJavadoc_isItsFirstWithoutTags() {
    assertEquals(
        "Returns the foo of a bar",
        Methods.sentence("\n   * Returns the {@code foo} of\n   * a <b>bar</b>. And more.\n "));
    assertEquals("", Methods.sentence("\n * @return nothing\n"));
    assertEquals("Closes it", Methods.sentence("\n * Closes it\n * @throws IOException if\n"));
  }

  @Test
  void load_unknownKind_namesTheKnownOnes() {
    var e = assertThrows(IllegalArgumentException.class, () -> Pairs.load("icon"));
    assertTrue(e.getMessage().contains("icons"), e.getMessage());
  }

  private static Picture picture(Map<String, Pair> byName, String name) throws Exception {
    return Pictures.read(byName.get(name).payload().get());
  }

  private static float ink(Picture picture, int column, int row) {
    return picture.ink()[row * Picture.SIDE + column];
  }
}
