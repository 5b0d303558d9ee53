package dev.millrace.model.align;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AlignExamTest {

  private final Random random = new Random(3);

  @Test
  void of_samePlaces_findsEverything() {
    List<float[]> places = places(40);
    AlignExam exam = AlignExam.of(places, places, IntStream.range(0, 40).toArray());
    assertEquals(new AlignExam(40, 1, 1, 1, 1, 1), exam);
    assertEquals(0.25, exam.chance10());
  }

  @Test
  void of_unrelatedPlaces_isChance() {
    AlignExam exam = AlignExam.of(places(400), places(400), IntStream.range(0, 400).toArray());
    assertEquals(0.025, exam.recall10(), 0.03);
    assertEquals(0.5, exam.auc(), 0.03);
  }

  @Test
  void of_onePlaceForAll_findsNothing() {
    List<float[]> same = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      same.add(new float[] {1, 0});
    }
    AlignExam exam = AlignExam.of(same, same, IntStream.range(0, 20).toArray());
    assertEquals(new AlignExam(20, 0, 0, 0, 0, 0.5), exam);
  }

  @Test
  void of_captionsThatSayTheSame_areNoMistakes() {
    List<float[]> left = new ArrayList<>(List.of(unit(1, 0), unit(1, 0.1)));
    for (int i = 2; i < 10; i++) {
      left.add(unit(Math.cos(i * 0.6), Math.sin(i * 0.6)));
    }
    List<float[]> right = new ArrayList<>(left);
    right.set(1, left.get(0));
    int[] groups = IntStream.range(0, 10).toArray();
    AlignExam apart = AlignExam.of(left, right, groups);
    assertEquals(0.8, apart.recall1(), 1e-12, "either caption is as near");
    assertEquals(0.9, apart.back1(), 1e-12, "0 is nearer to the caption of 1");
    groups[1] = 0;
    AlignExam together = AlignExam.of(left, right, groups);
    assertEquals(1, together.recall1());
    assertEquals(1, together.back1());
  }

  @Test
  void auc_ofSomePairs_isTheShareOfComparisonsWon() {
    List<float[]> left = places(30);
    List<float[]> right = new ArrayList<>();
    for (float[] place : left) {
      right.add(unit(place[0] + random.nextGaussian(), place[1] + random.nextGaussian()));
    }
    int[] groups = IntStream.range(0, 30).map(i -> i / 2).toArray();
    double wins = 0;
    int all = 0;
    for (int own = 0; own < 30; own++) {
      for (int i = 0; i < 30; i++) {
        for (int j = 0; j < 30; j++) {
          if (groups[i] != groups[j]) {
            double a = Aligner.cosine(left.get(own), right.get(own));
            double b = Aligner.cosine(left.get(i), right.get(j));
            wins += a > b ? 1 : a == b ? 0.5 : 0;
            all++;
          }
        }
      }
    }
    assertEquals(wins / all, AlignExam.of(left, right, groups).auc(), 1e-12);
  }

  private List<float[]> places(int n) {
    List<float[]> places = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      places.add(unit(random.nextGaussian(), random.nextGaussian()));
    }
    return places;
  }

  private static float[] unit(double x, double y) {
    double length = Math.hypot(x, y);
    return new float[] {(float) (x / length), (float) (y / length)};
  }
}
