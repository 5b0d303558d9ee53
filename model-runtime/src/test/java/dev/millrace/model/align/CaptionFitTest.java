package dev.millrace.model.align;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CaptionFitTest {

  private static final int TOPICS = 8;

  private final Random random = new Random(3);

  @Test
  void of_domainThatEncodersKnow_tellsCaptionsApart() {
    List<Places> others = pairs(128, 0);
    assertTrue(mean(pairs(64, 0), others) > 0.9);
    assertTrue(mean(shuffled(pairs(64, 0)), others) < 0.6);
  }

  @Test
  void of_domainThatOnlyItsPairsKnow_tellsCaptionsApart() {
    List<Places> others = pairs(128, TOPICS);
    assertTrue(mean(pairs(64, TOPICS), others) > 0.9);
    assertTrue(mean(shuffled(pairs(64, TOPICS)), others) < 0.6);
  }

  @Test
  void of_captionsThatNothingTells_isAHalf() {
    double sum = 0;
    for (int draw = 0; draw < 40; draw++) {
      sum += mean(shuffled(pairs(16, 0)), shuffled(pairs(128, 0)));
    }
    assertEquals(0.5, sum / 40, 0.03);
  }

  @Test
  void of_othersInOnePlace_isAHalf() {
    Places pair = new Places(near(1, 0), near(2, 0));
    assertEquals(0.5, CaptionFit.of(pair, List.of(pair)));
    assertEquals(0.5, CaptionFit.of(pair, List.of(pair, pair)));
    assertEquals(0.5, CaptionFit.of(pair, Collections.nCopies(20, pair)));
  }

  @Test
  void of_pairs_isTheShareOfWrongCaptionsThatLieFarther() {
    List<Places> all = new ArrayList<>(pairs(40, TOPICS));
    for (Places pair : pairs(24, TOPICS)) {
      List<Places> others = all.subList(all.size() - 24, all.size());
      assertEquals(naive(pair, others), CaptionFit.of(pair, others), 1e-9);
      all.add(pair);
    }
  }

  /** Of the last 16 others' pictures and captions that belong to different ones. */
  private static double naive(Places pair, List<Places> others) {
    List<Places> all = new ArrayList<>(others);
    all.add(pair);
    double[][] media = centred(all.stream().map(Places::media).toList());
    double[][] captions = centred(all.stream().map(Places::caption).toList());
    int n = others.size();
    double own = apart(all, media, captions, n, n);
    int farther = 0;
    for (int i = n - 16; i < n; i++) {
      for (int j = n - 16; j < n; j++) {
        farther += i != j && apart(all, media, captions, i, j) < own ? 1 : 0;
      }
    }
    return farther / (16.0 * 15);
  }

  private static double apart(
      List<Places> all, double[][] media, double[][] captions, int i, int j) {
    double[] fromMedia = new double[all.size()];
    double[] fromCaption = new double[all.size()];
    for (int k = 0; k < all.size(); k++) {
      fromMedia[k] =
          Aligner.cosine(all.get(i).media(), all.get(k).caption())
              + expected(media, captions, i, k);
      fromCaption[k] =
          Aligner.cosine(all.get(k).media(), all.get(j).caption())
              + expected(captions, media, j, k);
    }
    return fromMedia[j] - nearest(fromMedia, i) + fromCaption[i] - nearest(fromCaption, j);
  }

  /** How close one's place lies to those of the others that are like the other one there. */
  private static double expected(double[][] like, double[][] there, int one, int other) {
    double sum = 0;
    double weights = 0;
    for (int k = 0; k < like.length; k++) {
      double weight = k == one || k == other ? 0 : Math.exp(dot(like[one], like[k]) / 0.1);
      sum += weight * dot(there[k], there[other]);
      weights += weight;
    }
    return sum / weights;
  }

  private static double nearest(double[] closeness, int own) {
    return IntStream.range(0, closeness.length)
        .filter(i -> i != own)
        .mapToObj(i -> closeness[i])
        .sorted(Comparator.reverseOrder())
        .limit(10)
        .mapToDouble(x -> x)
        .average()
        .orElseThrow();
  }

  private static double[][] centred(List<float[]> places) {
    double[][] centred = new double[places.size()][Aligner.DIMENSION];
    for (int k = 0; k < Aligner.DIMENSION; k++) {
      int at = k;
      double mean = places.stream().mapToDouble(place -> place[at]).average().orElseThrow();
      for (int i = 0; i < centred.length; i++) {
        centred[i][k] = places.get(i)[k] - mean;
      }
    }
    for (double[] place : centred) {
      double length = Math.sqrt(dot(place, place));
      for (int k = 0; k < place.length; k++) {
        place[k] /= length;
      }
    }
    return centred;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int k = 0; k < a.length; k++) {
      sum += a[k] * b[k];
    }
    return sum;
  }

  private static double mean(List<Places> pairs, List<Places> others) {
    return pairs.stream().mapToDouble(p -> CaptionFit.of(p, others)).average().orElseThrow();
  }

  /** Of topics whose captions lie so many axes from their media. */
  private List<Places> pairs(int n, int apart) {
    List<Places> pairs = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      int topic = random.nextInt(TOPICS);
      pairs.add(new Places(near(topic, 0.05), near(topic + apart, 0.05)));
    }
    return pairs;
  }

  private List<Places> shuffled(List<Places> pairs) {
    List<Places> captions = new ArrayList<>(pairs);
    Collections.shuffle(captions, random);
    List<Places> shuffled = new ArrayList<>();
    for (int i = 0; i < pairs.size(); i++) {
      shuffled.add(new Places(pairs.get(i).media(), captions.get(i).caption()));
    }
    return shuffled;
  }

  private float[] near(int axis, double noise) {
    float[] place = new float[Aligner.DIMENSION];
    double squares = 0;
    for (int k = 0; k < place.length; k++) {
      place[k] = (float) ((k == axis ? 1 : 0) + noise * random.nextGaussian());
      squares += place[k] * place[k];
    }
    for (int k = 0; k < place.length; k++) {
      place[k] /= (float) Math.sqrt(squares);
    }
    return place;
  }
}
