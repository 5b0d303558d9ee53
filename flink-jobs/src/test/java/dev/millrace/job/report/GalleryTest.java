package dev.millrace.job.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.Sample;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.imageio.ImageIO;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import org.junit.jupiter.api.Test;

class GalleryTest {

  @Test
  void of_mediaAcceptedAndRefused_showsBothWithTheirReasons() throws Exception {
    List<Exhibit> shown =
        Gallery.of(
            recording(
                List.of(
                    sample(0, Modality.IMAGE, png(), "a square"),
                    sample(1, Modality.AUDIO, wav(), "a silence"),
                    sample(2, Modality.IMAGE, new byte[] {1, 2}, "<script>")),
                List.of(rejection(1, "caption-mismatch"), rejection(2, "media-unknown"))));
    assertEquals(List.of("", "caption-mismatch", "media-unknown"), reasons(shown));
    assertEquals(32, thumbnail(shown.get(0)).getWidth());
    assertEquals(240, thumbnail(shown.get(1)).getWidth());
    assertEquals("", shown.get(2).thumbnail(), "what cannot be decoded is not shown");
    assertEquals("why 1", shown.get(1).detail());
  }

  @Test
  void of_pictureWithBytesBehindItsEnd_isDrawnAnew() throws Exception {
    byte[] png = png();
    byte[] payload = "<script>alert(1)</script>".getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(png);
    both.write(payload);
    List<Exhibit> shown =
        Gallery.of(
            recording(
                List.of(sample(0, Modality.IMAGE, both.toByteArray(), "a square")), List.of()));
    String bytes =
        new String(
            Base64.getDecoder().decode(shown.get(0).thumbnail().replaceFirst(".*,", "")),
            StandardCharsets.ISO_8859_1);
    assertFalse(bytes.contains("script"), "a stranger's bytes are in the page");
  }

  @Test
  void of_manySamples_showsSomeOfEachReason() {
    List<Committed<Arrival>> samples = new ArrayList<>();
    List<Committed<Rejection>> rejections = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      samples.add(sample(i, Modality.IMAGE, png(), "a square"));
      if (i % 2 == 0) {
        rejections.add(rejection(i, i % 4 == 0 ? "media-broken" : "duplicate-exact"));
      }
    }
    List<String> reasons = reasons(Gallery.of(recording(samples, rejections)));
    assertEquals(12, reasons.stream().filter(String::isEmpty).count());
    assertEquals(4, reasons.stream().filter("media-broken"::equals).count());
    assertEquals(20, reasons.size());
    assertTrue(Gallery.of(recording(List.of(Topic.sample(0, 0)), List.of())).isEmpty());
  }

  private static List<String> reasons(List<Exhibit> shown) {
    return shown.stream().map(Exhibit::reason).toList();
  }

  private static BufferedImage thumbnail(Exhibit exhibit) throws IOException {
    byte[] png = Base64.getDecoder().decode(exhibit.thumbnail().replaceFirst(".*,", ""));
    return ImageIO.read(new ByteArrayInputStream(png));
  }

  private static Recording recording(
      List<Committed<Arrival>> samples, List<Committed<Rejection>> rejections) {
    return Topic.recording(samples, rejections, List.of());
  }

  private static Committed<Arrival> sample(
      int at, Modality modality, byte[] media, String caption) {
    Origin origin = new Origin("samples", 0, at);
    Sample sample =
        new Sample("s" + at, "x", "doc", null, "d", modality, "", media, caption, 0, origin);
    return new Committed<>(new Arrival(sample), origin, 0, 0);
  }

  private static Committed<Rejection> rejection(int at, String reason) {
    Origin origin = new Origin("samples", 0, at);
    Rejection rejection = new Rejection(origin, "s" + at, "d", reason, "why " + at, Double.NaN);
    return new Committed<>(rejection, origin, 0, 0);
  }

  private static byte[] png() {
    try {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      ImageIO.write(new BufferedImage(8, 8, BufferedImage.TYPE_INT_RGB), "png", out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] wav() {
    AudioFormat format = new AudioFormat(16_000, 16, 1, true, false);
    try (AudioInputStream in =
        new AudioInputStream(new ByteArrayInputStream(new byte[8_000]), format, 4_000)) {
      ByteArrayOutputStream out = new ByteArrayOutputStream();
      AudioSystem.write(in, AudioFileFormat.Type.WAVE, out);
      return out.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
