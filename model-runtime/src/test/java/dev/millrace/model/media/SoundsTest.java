package dev.millrace.model.media;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import dev.millrace.model.media.InvalidMediaException.Kind;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Random;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SoundsTest {

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  /** Where a canonical WAV says how long its data is. */
  private static final int DATA_LENGTH = 40;

  @ParameterizedTest
  @CsvSource({"16000,1", "16000,2", "8000,1", "44100,2", "48000,1"})
  void read_tone_standsInItsBandAtEveryRate(int rate, int channels) throws Exception {
    Sound sound = Sounds.read(MediaFiles.tone(rate, channels, 1000, rate));
    assertEquals(1000, sound.millis());
    int loudest = loudest(sound.mel(), 30);
    Sound high = Sounds.read(MediaFiles.tone(rate, channels, 3000, rate));
    assertEquals(13, loudest, 1, "band of 1 kHz");
    assertEquals(26, loudest(high.mel(), 30), 1, "band of 3 kHz");
  }

  @Test
  void read_shortSound_isZeroWhereItHasEnded() throws Exception {
    Sound sound = Sounds.read(MediaFiles.tone(16_000, 1, 500, 8_000));
    assertEquals(Sound.BANDS * Sound.FRAMES, sound.mel().length);
    assertEquals(0, sound.mel()[31]);
    assertTrue(sound.mel()[10] != 0);
  }

  @Test
  void read_longSound_isDecodedInBoundedMemory() {
    byte[] wav = MediaFiles.tone(8_000, 1, 500, 250 * 8_000);
    long before = THREADS.getCurrentThreadAllocatedBytes();
    Sound sound = read(wav);
    assertTrue(THREADS.getCurrentThreadAllocatedBytes() - before < 8 << 20);
    assertEquals(250_000, sound.millis());
  }

  @Test
  void read_aiffAndAu_areWhatTheWavIs() throws Exception {
    AudioFormat big = new AudioFormat(16_000, 16, 1, true, true);
    float[] wav = Sounds.read(MediaFiles.tone(16_000, 1, 700, 9_000)).mel();
    for (AudioFileFormat.Type type :
        new AudioFileFormat.Type[] {AudioFileFormat.Type.AIFF, AudioFileFormat.Type.AU}) {
      byte[] bytes =
          MediaFiles.sound(type, big, 9_000, i -> 0.5 * Math.sin(2 * Math.PI * 700 * i / 16_000));
      assertArrayEquals(wav, Sounds.read(bytes).mel(), type.toString());
    }
  }

  /** As editors write it: floats may go beyond full scale, where integers would wrap. */
  @ParameterizedTest
  @CsvSource({"32,1.05", "64,1.05", "32,1e30", "64,1e300"})
  void read_floatsBeyondFullScale_areCutOffThere(int bits, double loudness) throws Exception {
    float[] cut = Sounds.read(MediaFiles.floats(bits, i -> cut(loudness * tone(i)))).mel();
    float[] beyond = Sounds.read(MediaFiles.floats(bits, i -> loudness * tone(i))).mel();
    assertArrayEquals(cut, beyond);
    float[] whole = Sounds.read(MediaFiles.tone(16_000, 1, 700, 9_000)).mel();
    float[] half = Sounds.read(MediaFiles.floats(bits, i -> 0.5 * tone(i))).mel();
    assertArrayEquals(whole, half, 0.5f);
  }

  @Test
  void read_floatThatIsNoNumber_isBroken() throws Exception {
    InvalidMediaException refused =
        refused(MediaFiles.floats(32, i -> i == 700 ? Double.NaN : tone(i)));
    assertEquals(Kind.BROKEN, refused.kind());
    assertTrue(refused.getMessage().contains("frame 700 has NaN"), refused.getMessage());
  }

  private static double tone(int i) {
    return Math.sin(2 * Math.PI * 700 * i / 16_000);
  }

  private static double cut(double value) {
    return Math.max(-1, Math.min(1, value));
  }

  @Test
  void read_truncatedAtEveryPlace_isRefused() {
    byte[] whole = MediaFiles.tone(8_000, 1, 500, 300);
    for (int length = 0; length < whole.length; length++) {
      refused(Arrays.copyOf(whole, length));
    }
  }

  @Test
  void read_headerThatDeclaresMoreThanThereIs_isBroken() {
    for (int lie : new int[] {601, 1 << 30, -1, Integer.MIN_VALUE}) {
      byte[] wav = MediaFiles.tone(8_000, 1, 500, 300);
      ByteBuffer.wrap(wav).order(ByteOrder.LITTLE_ENDIAN).putInt(DATA_LENGTH, lie);
      InvalidMediaException refused = refused(wav);
      assertEquals(Kind.BROKEN, refused.kind());
      assertTrue(refused.getMessage().contains("declares"), refused.getMessage());
    }
  }

  @Test
  void read_headerWithAnAbsurdRate_isBroken() {
    byte[] wav = MediaFiles.tone(8_000, 1, 500, 300);
    ByteBuffer.wrap(wav).order(ByteOrder.LITTLE_ENDIAN).putInt(24, 2_000_000_000);
    assertEquals(Kind.BROKEN, refused(wav).kind());
  }

  @Test
  void read_hoursOfOneBitASecond_areTooLong() {
    byte[] wav =
        MediaFiles.sound(
            AudioFileFormat.Type.WAVE,
            new AudioFormat(4_000, 16, 1, true, false),
            601 * 4_000,
            i -> 0);
    assertEquals(Kind.TOO_LARGE, refused(wav).kind());
  }

  @Test
  void read_changedHeader_isRefusedOrStillASound() {
    Random random = new Random(1);
    byte[] whole = MediaFiles.tone(16_000, 2, 500, 300);
    for (int i = 0; i < 5_000; i++) {
      byte[] changed = whole.clone();
      changed[random.nextInt(48)] = (byte) random.nextInt();
      long before = THREADS.getCurrentThreadAllocatedBytes();
      readOrRefused(changed);
      assertTrue(THREADS.getCurrentThreadAllocatedBytes() - before < 32 << 20);
    }
  }

  @Test
  void read_otherBytes_areUnknown() {
    assertEquals(Kind.UNKNOWN, refused("ID3 mp3".getBytes(UTF_8)).kind());
  }

  @Test
  void read_midi_isUnknownAndNotPlayed() {
    byte[] midi = "MThd\0\0\0\6\0\0\0\1\0`MTrk\0\0\0\4\0\377/\0".getBytes(ISO_8859_1);
    InvalidMediaException refused = refused(midi);
    assertEquals(Kind.UNKNOWN, refused.kind());
    assertTrue(refused.getMessage().contains("first bytes"), refused.getMessage());
  }

  /** The band with most energy in a frame. */
  private static int loudest(float[] mel, int frame) {
    int loudest = 0;
    for (int band = 0; band < Sound.BANDS; band++) {
      if (mel[band * Sound.FRAMES + frame] > mel[loudest * Sound.FRAMES + frame]) {
        loudest = band;
      }
    }
    return loudest;
  }

  private static InvalidMediaException refused(byte[] bytes) {
    return assertThrows(InvalidMediaException.class, () -> Sounds.read(bytes));
  }

  private static Sound read(byte[] bytes) {
    try {
      return Sounds.read(bytes);
    } catch (InvalidMediaException e) {
      throw new AssertionError(e);
    }
  }

  private static void readOrRefused(byte[] bytes) {
    try {
      Sounds.read(bytes);
    } catch (InvalidMediaException e) {
      assertTrue(e.getMessage().length() > 10);
    }
  }
}
