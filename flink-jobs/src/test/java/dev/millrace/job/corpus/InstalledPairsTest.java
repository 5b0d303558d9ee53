package dev.millrace.job.corpus;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.millrace.model.media.Pictures;
import dev.millrace.model.media.Sounds;
import dev.millrace.schema.Modality;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InstalledPairsTest {

  @TempDir private Path root;

  @Test
  void load_stamps_arePicturesWithTheirFirstLines() throws Exception {
    Path birds = root.resolve("usr/share/tuxpaint/stamps/animals/birds");
    write(birds.resolve("wren.png"), "a picture");
    write(birds.resolve("wren.txt"), "A wren.\nde.utf8=Ein Zaunk\u00f6nig.\n");
    write(birds.resolve("nobody_said.png"), "another");
    write(birds.resolve("crow.svg"), "no picture here");
    write(birds.resolve("crow.txt"), "A crow.\n");
    assertEquals(List.of(Pairs.STAMPS), Pairs.installed(root));
    List<Pair> stamps = Pairs.load(Pairs.STAMPS, root);
    assertEquals(1, stamps.size());
    Pair wren = stamps.get(0);
    assertEquals("A wren.", wren.caption());
    assertEquals(wren.caption(), wren.document(), "one caption, one side of a split");
    assertEquals("birds", wren.cluster());
    assertEquals(Modality.IMAGE, wren.modality());
    assertArrayEquals("a picture".getBytes(UTF_8), wren.payload().get());
  }

  @Test
  void load_recordings_areWhatIsSaidAndThere() throws Exception {
    Path sounds = root.resolve("usr/share/asterisk/sounds/en_US_f_Allison");
    write(sounds.resolve("vm-no.wav"), "no");
    write(sounds.resolve("dictate/paused.wav"), "paused");
    write(sounds.resolve("beep.wav"), "beep");
    Path transcripts = root.resolve("usr/share/doc/asterisk-core-sounds-en/core-sounds-en.txt.gz");
    Files.createDirectories(transcripts.getParent());
    try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(transcripts))) {
      out.write(
          """
          ; Core sounds

          beep: [this is a simple beep tone]
          dictate/paused: paused
          gone: This file is not here.
          vm-no: no
          """
              .getBytes(UTF_8));
    }
    assertEquals(List.of(Pairs.RECORDINGS), Pairs.installed(root));
    List<Pair> recordings = Pairs.load(Pairs.RECORDINGS, root);
    assertEquals(List.of("paused", "no"), recordings.stream().map(Pair::caption).toList());
    assertEquals(List.of("dictate", "vm"), recordings.stream().map(Pair::cluster).toList());
    assertArrayEquals("no".getBytes(UTF_8), recordings.get(1).payload().get());
  }

  @Test
  void load_notInstalled_saysWhatIsMissing() {
    assertEquals(List.of(), Pairs.installed(root));
    var e = assertThrows(UncheckedIOException.class, () -> Pairs.load(Pairs.STAMPS, root));
    assertTrue(e.getMessage().contains("tuxpaint/stamps"), e.getMessage());
  }

  @Test
  @Tag("full")
  void load_whatDebianInstalls_canAllBeDecoded() throws Exception {
    assertEquals(List.of(Pairs.RECORDINGS, Pairs.STAMPS), Pairs.installed());
    List<Pair> stamps = Pairs.load(Pairs.STAMPS);
    assertTrue(stamps.size() > 800, "" + stamps.size());
    for (Pair stamp : stamps) {
      Pictures.read(stamp.payload().get());
    }
    List<Pair> recordings = Pairs.load(Pairs.RECORDINGS);
    assertTrue(recordings.size() > 500, "" + recordings.size());
    for (Pair recording : recordings) {
      Sounds.read(recording.payload().get());
    }
  }

  private static void write(Path file, String content) throws Exception {
    Files.createDirectories(file.getParent());
    Files.writeString(file, content);
  }
}
