package dev.millrace.job.loop;

import dev.millrace.job.AlignPairs;
import dev.millrace.job.corpus.Pair;
import dev.millrace.job.corpus.Pairs;
import dev.millrace.schema.Modality;
import dev.millrace.schema.Origin;
import dev.millrace.schema.Sample;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;

/**
 * Pictures and sounds with captions that the encoders were not trained on, and among them some that
 * must be refused: wrong captions, cut files, headers that lie, copies.
 *
 * @param good in a random order
 * @param spare others, whose captions junk has
 */
record MediaMaterial(List<Sample> good, List<Sample> spare) {

  static final List<String> DOMAINS = List.of(Pairs.ICONS, Pairs.SPEECH);

  private static final int MOST = 450;

  /** One word teaches nothing: there is no token to predict. */
  private static final int LEAST_CHARS = 8;

  private static final int JUNK_EVERY = 6;
  private static final int JUNK_KINDS = 4;

  /** Where a PNG says how wide it is, and a WAV how long its data is. */
  private static final int PNG_WIDTH = 16;

  private static final int WAV_LENGTH = 40;

  /** The material of a domain. */
  static MediaMaterial read(String domain, Random random) {
    List<Pair> pairs =
        new ArrayList<>(
            AlignPairs.load(domain, true).stream()
                .filter(
                    pair -> pair.caption().length() >= LEAST_CHARS && pair.caption().contains(" "))
                .toList());
    Collections.shuffle(pairs, random);
    List<Sample> samples = new ArrayList<>();
    for (Pair pair : pairs.subList(0, MOST + MOST / JUNK_EVERY)) {
      samples.add(
          sample(domain + "/" + pair.caption(), pair, pair.payload().get(), pair.caption()));
    }
    return new MediaMaterial(samples.subList(0, MOST), samples.subList(MOST, samples.size()));
  }

  /** The good ones with bad ones between them. */
  List<Sample> withJunk() {
    List<Sample> all = new ArrayList<>();
    for (int i = 0; i < good.size(); i++) {
      all.add(good.get(i));
      if (i % JUNK_EVERY == JUNK_EVERY - 1) {
        Sample other = good.get(i / 2);
        all.add(junk(i / JUNK_EVERY, spare.get(i / JUNK_EVERY), other));
      }
    }
    return all;
  }

  private static Sample junk(int number, Sample sample, Sample other) {
    byte[] media = other.media();
    byte[] bad =
        switch (number % JUNK_KINDS) {
          case 0, 2 -> media;
          case 1 -> Arrays.copyOf(media, media.length / 2);
          default -> other.modality() == Modality.IMAGE ? huge(media) : endless(media);
        };
    String caption = number % JUNK_KINDS == 2 ? other.teaches() : sample.teaches();
    return new Sample(
        "junk-" + sample.domain() + "-" + number,
        "millrace",
        sample.document(),
        null,
        sample.domain(),
        sample.modality(),
        "",
        bad,
        caption,
        0,
        sample.origin());
  }

  /** A picture that declares a hundred megapixels. */
  private static byte[] huge(byte[] png) {
    ByteBuffer lie = ByteBuffer.wrap(png.clone()).putInt(PNG_WIDTH, 10_000);
    lie.putInt(PNG_WIDTH + 4, 10_000);
    CRC32 crc = new CRC32();
    crc.update(lie.array(), 12, 17);
    return lie.putInt(29, (int) crc.getValue()).array();
  }

  /** A sound that declares two gigabytes. */
  private static byte[] endless(byte[] wav) {
    byte[] lie = wav.clone();
    Arrays.fill(lie, WAV_LENGTH, WAV_LENGTH + 4, (byte) 0x7f);
    return lie;
  }

  private static Sample sample(String id, Pair pair, byte[] media, String caption) {
    return new Sample(
        id.substring(0, Math.min(id.length(), 200)),
        "millrace",
        pair.document(),
        null,
        pair.kind(),
        pair.modality(),
        "",
        media,
        caption,
        0,
        Origin.UNWRITTEN);
  }
}
