package dev.millrace.model.media;

import static javax.sound.sampled.AudioFormat.Encoding.PCM_FLOAT;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;
import javax.sound.sampled.UnsupportedAudioFileException;

/**
 * Reads WAV, AIFF and AU: linear PCM, µ-law and A-law. A header must agree with the bytes that
 * follow it, and only the beginning that an encoder sees is decoded.
 */
public final class Sounds {

  /** The longest sound that is taken. */
  public static final int MAX_SECONDS = 600;

  private static final int MIN_RATE = 4_000;
  private static final int MAX_RATE = 192_000;
  private static final int MAX_CHANNELS = 8;

  private static final int START = 12;
  private static final Pattern KNOWN =
      Pattern.compile("RIFF.{4}WAVE|FORM.{4}AIF[FC]|\\.snd", Pattern.DOTALL);

  private Sounds() {}

  /**
   * Reads a sound.
   *
   * @throws InvalidMediaException if it is of no known format, damaged, or too long
   */
  public static Sound read(byte[] bytes) throws InvalidMediaException {
    requireKnown(bytes);
    WavChunks.check(bytes);
    try (AudioInputStream in = AudioSystem.getAudioInputStream(new ByteArrayInputStream(bytes))) {
      AudioFormat format = in.getFormat();
      requireFormat(format);
      long frames = in.getFrameLength();
      requireLength(frames, format, bytes.length);
      long millis = Math.round(1000.0 * frames / format.getFrameRate());
      return new Sound(millis, LogMel.of(Resampler.mono(pcm(in), LogMel.RATE, LogMel.SAMPLES)));
    } catch (UnsupportedAudioFileException e) {
      throw InvalidMediaException.unknown("sound is no WAV, AIFF or AU file: " + e.getMessage());
    } catch (IOException | RuntimeException e) {
      throw InvalidMediaException.broken("sound cannot be decoded: " + e.getMessage());
    }
  }

  /** Java would take more: it plays MIDI by a synthesizer. */
  private static void requireKnown(byte[] bytes) throws InvalidMediaException {
    String start = new String(bytes, 0, Math.min(bytes.length, START), StandardCharsets.ISO_8859_1);
    if (!KNOWN.matcher(start).lookingAt()) {
      throw InvalidMediaException.unknown(
          "sound is neither WAV nor AIFF nor AU by its first bytes");
    }
  }

  private static void requireFormat(AudioFormat format) throws InvalidMediaException {
    float rate = format.getSampleRate();
    if (!(rate >= MIN_RATE && rate <= MAX_RATE)) {
      throw InvalidMediaException.broken(
          "sound has %s samples a second, expected %,d to %,d".formatted(rate, MIN_RATE, MAX_RATE));
    }
    if (format.getChannels() < 1 || format.getChannels() > MAX_CHANNELS) {
      throw InvalidMediaException.broken(
          "sound has " + format.getChannels() + " channels, expected 1 to " + MAX_CHANNELS);
    }
    if (format.getFrameSize() < 1 || format.getFrameRate() <= 0) {
      throw InvalidMediaException.unknown("sound is " + format + ", expected PCM, µ-law or A-law");
    }
  }

  private static void requireLength(long frames, AudioFormat format, int bytes)
      throws InvalidMediaException {
    if (frames < 1 || frames > bytes / format.getFrameSize()) {
      throw InvalidMediaException.broken(
          "sound declares %d frames of %d bytes, the file has %d bytes"
              .formatted(frames, format.getFrameSize(), bytes));
    }
    if (frames > MAX_SECONDS * format.getFrameRate()) {
      throw InvalidMediaException.tooLarge(
          "sound lasts %.0f seconds, expected at most %d"
              .formatted(frames / format.getFrameRate(), MAX_SECONDS));
    }
  }

  /** The same sound, little endian: Java would let floats beyond full scale wrap as integers. */
  private static AudioInputStream pcm(AudioInputStream in) {
    AudioFormat from = in.getFormat();
    float rate = from.getSampleRate();
    int channels = from.getChannels();
    AudioFormat to =
        from.getEncoding().equals(PCM_FLOAT)
            ? new AudioFormat(PCM_FLOAT, rate, 32, channels, 4 * channels, rate, false)
            : new AudioFormat(rate, 16, channels, true, false);
    return from.matches(to) ? in : AudioSystem.getAudioInputStream(to, in);
  }
}
