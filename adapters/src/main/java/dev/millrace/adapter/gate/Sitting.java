package dev.millrace.adapter.gate;

import dev.millrace.adapter.train.Workers;
import dev.millrace.model.base.BaseModel;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.RoutedScores;
import dev.millrace.model.base.Sequence;
import dev.millrace.model.base.TokenScores;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Measures one candidate: it is loaded once, and reads each text once. */
final class Sitting implements AutoCloseable {
  private final Examination by;
  private final BaseModel base;
  private final Gate.Candidate candidate;
  private final List<int[]> heldOut;

  /** Held-out texts that experts are compared on, and training with serving. */
  private final List<int[]> some;

  private final Workers workers;
  private @Nullable LoadedAdapter served;

  /** What it makes of these texts. */
  private @Nullable List<RoutedScores> looked;

  /** The same by the program that trains, or why it cannot be had. */
  private @Nullable Supplier<List<TokenScores>> trained;

  Sitting(
      Examination by,
      BaseModel base,
      Gate.Candidate candidate,
      List<int[]> heldOut,
      List<int[]> some) {
    this.by = by;
    this.base = base;
    this.candidate = candidate;
    this.heldOut = heldOut;
    this.some = some;
    workers = by.workers();
  }

  Harm harm() {
    ProtectedRise rise = by.rise(candidate.served(), texts -> Examination.sums(scores(texts)));
    List<RoutedScores> of = looked();
    return new Harm(
        rise, by.usage(candidate, some, of.stream().map(RoutedScores::routes).toList()));
  }

  Fit fit() {
    List<int[]> rest = heldOut.subList(some.size(), heldOut.size());
    List<int[]> lesson = candidate.lesson().stream().map(LessonText::tokens).toList();
    List<int[]> texts = Stream.concat(rest.stream(), lesson.stream()).toList();
    List<TokenScores> scores = looked == null ? scores(texts) : scoresBesideTrained(texts);
    Stream<TokenScores> ofHeldOut =
        Stream.concat(
            looked().stream().map(RoutedScores::scores), scores.subList(0, rest.size()).stream());
    return new Fit(
        ofHeldOut.toList(), Examination.sums(scores.subList(rest.size(), scores.size())));
  }

  Measured measure(Fit fit) {
    if (trained == null) {
      List<TokenScores> scores = all(by.calls(some, this::asTrained));
      trained = () -> scores;
    }
    Canaries canaries = by.canaries();
    return new Measured(
        parity(trained.get(), fit.heldOut()), canaries.count(), canaries.changed(served()));
  }

  private List<RoutedScores> looked() {
    if (looked == null) {
      var unused = scores(List.of());
    }
    return Objects.requireNonNull(looked);
  }

  /** Of texts, and beside them of those by which experts are compared, if they are not known. */
  private List<TokenScores> scores(List<int[]> texts) {
    if (looked != null) {
      return all(by.calls(sequences(texts), base::score));
    }
    List<int[]> both = Stream.concat(some.stream(), texts.stream()).toList();
    List<RoutedScores> all = all(by.calls(sequences(both), base::scoreRouted));
    looked = all.subList(0, some.size());
    return all.stream().skip(some.size()).map(RoutedScores::scores).toList();
  }

  /** The rules on training and serving are next to be asked; one call of few texts is cheaper. */
  private List<TokenScores> scoresBesideTrained(List<int[]> texts) {
    List<Callable<List<TokenScores>>> calls = new ArrayList<>();
    calls.add(
        () -> {
          trained = tried();
          return List.of();
        });
    calls.addAll(by.calls(sequences(texts), base::score));
    return all(calls);
  }

  /** What it fails with is for those rules to say. */
  private Supplier<List<TokenScores>> tried() {
    try {
      List<TokenScores> scores = asTrained(some);
      return () -> scores;
    } catch (CancellationException e) {
      throw e;
    } catch (RuntimeException e) {
      return () -> {
        throw e;
      };
    }
  }

  private List<TokenScores> asTrained(List<int[]> texts) {
    Served as = candidate.served();
    return base.under(as.routing()).scoreAsTrained(as.adapter(), texts);
  }

  static double parity(List<TokenScores> trained, List<TokenScores> served) {
    double sum = 0;
    int count = 0;
    for (int i = 0; i < trained.size(); i++) {
      float[] a = trained.get(i).logProbs();
      float[] b = served.get(i).logProbs();
      for (int t = 0; t < a.length; t++) {
        sum += Math.abs((double) a[t] - b[t]);
      }
      count += a.length;
    }
    return sum / count;
  }

  private LoadedAdapter served() {
    if (served == null) {
      served = candidate.served().load(base);
    }
    return served;
  }

  private List<Sequence> sequences(List<int[]> texts) {
    LoadedAdapter adapter = served();
    return texts.stream().map(text -> new Sequence(text, adapter)).toList();
  }

  private <T> List<T> all(List<Callable<List<T>>> calls) {
    return workers.inOrder(calls).stream().flatMap(List::stream).toList();
  }

  @Override
  public void close() {
    workers.close();
    if (served != null) {
      served.close();
    }
  }
}
