package dev.millrace.job.corpus;

import com.sun.speech.freetts.Voice;
import com.sun.speech.freetts.VoiceManager;
import com.sun.speech.freetts.audio.NullAudioPlayer;
import dev.millrace.schema.Modality;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import javax.sound.sampled.AudioFileFormat;
import javax.sound.sampled.AudioFormat;
import javax.sound.sampled.AudioInputStream;
import javax.sound.sampled.AudioSystem;

/**
 * Short definitions of WordNet, spoken by FreeTTS, with what was said. Each has a speed and a pitch
 * of its own.
 */
final class Speech {

  private static final Pattern ENTRY =
      Pattern.compile("[^(]+\\(noun, (\\w+)\\): ([a-z][a-z ,'-]{11,46})(?:;.*)?");

  private static final int MOST_OF_A_TOPIC = 300;

  private Speech() {}

  static Stream<Pair> read() {
    Voice voice = voice();
    Map<String, Pair> pairs = new LinkedHashMap<>();
    Map<String, Integer> topics = new LinkedHashMap<>();
    for (Document document : Corpora.load("dictionary")) {
      for (String line : document.text().lines().toList()) {
        Matcher entry = ENTRY.matcher(line);
        if (!entry.matches()) {
          continue;
        }
        String topic = entry.group(1);
        String gloss = entry.group(2).strip();
        if (!pairs.containsKey(gloss) && topics.merge(topic, 1, Integer::sum) <= MOST_OF_A_TOPIC) {
          pairs.put(gloss, pair(topic, gloss, voice));
        }
      }
    }
    return pairs.values().stream();
  }

  private static Pair pair(String topic, String gloss, Voice voice) {
    return new Pair(Pairs.SPEECH, Modality.AUDIO, gloss, topic, gloss, () -> wav(gloss, voice));
  }

  private static Voice voice() {
    System.setProperty(
        "freetts.voices", "com.sun.speech.freetts.en.us.cmu_us_kal.KevinVoiceDirectory");
    Voice voice = VoiceManager.getInstance().getVoice("kevin16");
    voice.allocate();
    return voice;
  }

  /** WAV, 16 kHz, 16 bit. A voice speaks to one player at a time. */
  private static byte[] wav(String text, Voice voice) {
    synchronized (voice) {
      Recording recording = new Recording();
      voice.setRate(130 + Math.floorMod(text.hashCode(), 60));
      voice.setPitch(80 + Math.floorMod(text.hashCode() / 60, 60));
      voice.setAudioPlayer(recording);
      PrintStream err = System.err;
      System.setErr(new WithoutLacks(err));
      try {
        voice.speak(text);
      } finally {
        System.setErr(err);
      }
      return recording.wav();
    }
  }

  /** Leaves out what FreeTTS prints for each pair of sounds that its voice takes silence for. */
  private static final class WithoutLacks extends PrintStream {
    WithoutLacks(PrintStream to) {
      super(to, true, StandardCharsets.UTF_8);
    }

    @Override
    public void println(String line) {
      if (!line.startsWith("Can't find diphone")) {
        super.println(line);
      }
    }
  }

  /** Plays into memory. */
  private static final class Recording extends NullAudioPlayer {
    private final ByteArrayOutputStream pcm = new ByteArrayOutputStream();

    byte[] wav() {
      byte[] bytes = pcm.toByteArray();
      AudioFormat format = getAudioFormat();
      AudioFormat little =
          new AudioFormat(format.getSampleRate(), 16, format.getChannels(), true, false);
      try (AudioInputStream in =
          new AudioInputStream(
              new ByteArrayInputStream(bytes), format, bytes.length / format.getFrameSize())) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        AudioSystem.write(
            AudioSystem.getAudioInputStream(little, in), AudioFileFormat.Type.WAVE, out);
        return out.toByteArray();
      } catch (IOException e) {
        throw new UncheckedIOException("memory cannot fail", e);
      }
    }

    @Override
    public boolean write(byte[] audio, int from, int length) {
      pcm.write(audio, from, length);
      return true;
    }
  }
}
