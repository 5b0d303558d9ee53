package dev.millrace.adapter.exchange;

import dev.millrace.adapter.train.AdapterState;
import dev.millrace.adapter.train.Governor;
import dev.millrace.adapter.train.Lesson;
import dev.millrace.adapter.train.Terms;
import dev.millrace.adapter.train.TrainConfig;
import dev.millrace.adapter.train.Trainer;
import dev.millrace.adapter.train.Trainers;
import dev.millrace.adapter.train.Training;
import dev.millrace.model.adapter.AdapterWeights;
import dev.millrace.model.kinds.AdapterCodec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Deals lessons to the trainers of several processes, and leads them through rounds of some steps
 * each. What comes of a lesson follows from state, lesson and configuration, not from where the
 * trainers run or who is first.
 *
 * @param anchors as the trainers have them
 */
public record DataParallelTrainers(
    ExchangeConfig config, TrainConfig train, List<int[]> anchors, Processes processes)
    implements Trainers {

  private static final float[] ZEROS = new float[0];

  @Override
  public Training train(AdapterState state, Lesson lesson, Terms terms, Governor governor) {
    return new Run(state, lesson, terms, governor).train();
  }

  /** One lesson. */
  private final class Run {
    private final AdapterState before;
    private final Lesson lesson;
    private final Terms terms;
    private final Governor governor;
    private final Call call = processes.next();
    private final List<Share> shares;
    private final Exchange exchange;
    private final Tally tally = new Tally();
    private AdapterWeights shared;
    private List<byte[]> messages = List.of();

    Run(AdapterState before, Lesson lesson, Terms terms, Governor governor) {
      this.before = before;
      this.lesson = lesson;
      this.terms = terms;
      this.governor = governor;
      shares = Share.deal(lesson, config.all());
      exchange = new Exchange(Codecs.named(config.codec()), Shape.of(before.weights()));
      shared = before.weights();
    }

    Training train() {
      int steps =
          shares.stream()
              .mapToInt(
                  share -> Trainer.steps(train.anchored(terms.anchors()), share.lesson(anchors)))
              .max()
              .orElse(0);
      int rounds = (steps + config.steps() - 1) / config.steps();
      for (int round = 0; round < rounds; round++) {
        List<Report> reports = ask(round, "");
        messages = reports.stream().map(Report::message).filter(m -> m.length > 0).toList();
        tally.add(reports);
        if (messages.isEmpty()) {
          return tally.training(before, tally.trouble);
        }
        shared = exchange.follow(shared, messages);
      }
      if (rounds == 0) {
        return tally.training(before, "");
      }
      String name = TrainingName.of(config, before, lesson, terms, shared);
      ask(rounds, name);
      return tally.training(
          new AdapterState(shared, ZEROS, ZEROS, before.step() + steps, name), "");
    }

    private List<Report> ask(int round, String keep) {
      List<Order> orders = new ArrayList<>();
      for (int p = 0; p < config.processes(); p++) {
        orders.add(
            new Order(
                call,
                round,
                terms.domain(),
                p,
                round == 0 ? beginning(p) : null,
                messages,
                round * config.steps(),
                (round + 1) * config.steps(),
                keep));
      }
      return processes.round(orders, governor);
    }

    /** Weights travel only where the trainers do not stand at them. */
    private Beginning beginning(int process) {
      int each = config.trainers();
      boolean goesOn = TrainingName.isOf(before.kept(), config);
      boolean there = goesOn && before.kept().endsWith(TrainingName.digest(before.weights()));
      boolean zeros = !before.kept().isEmpty() || before.step() == 0;
      byte @Nullable [] dense = there ? null : AdapterCodec.encode(before.weights());
      return new Beginning(
          lesson.seed(),
          goesOn ? before.kept() : "",
          dense,
          zeros ? ZEROS : before.first(),
          zeros ? ZEROS : before.second(),
          before.step(),
          terms.routing(),
          terms.anchors(),
          shares.subList(process * each, (process + 1) * each));
    }
  }

  /** What trainers told, together. */
  private static final class Tally {
    private String trouble = "no trainer had anything to learn";
    private int steps;
    private long tokens;
    private double firstLoss = Double.NaN;
    private double lastLoss = Double.NaN;
    private double worstLoss;
    private double worstNorm;

    /** Losses are means over the trainers that came through. */
    void add(List<Report> reports) {
      List<Told> told = reports.stream().flatMap(report -> report.told().stream()).toList();
      told.stream().map(Told::trouble).filter(t -> !t.isEmpty()).findFirst().ifPresent(this::note);
      List<Told> counted = told.stream().filter(Told::counts).toList();
      firstLoss =
          steps > 0
              ? firstLoss
              : counted.stream().mapToDouble(Told::firstLoss).average().orElse(Double.NaN);
      lastLoss = counted.stream().mapToDouble(Told::lastLoss).average().orElse(lastLoss);
      steps += counted.stream().mapToInt(Told::steps).max().orElse(0);
      for (Told one : counted) {
        tokens += one.tokens();
        worstLoss = Math.max(worstLoss, one.worstLoss());
        worstNorm = Math.max(worstNorm, one.worstNorm());
      }
    }

    private void note(String why) {
      trouble = why;
    }

    Training training(AdapterState state, String broke) {
      return new Training(
          Objects.requireNonNull(state),
          broke,
          steps,
          tokens,
          firstLoss,
          lastLoss,
          worstLoss,
          worstNorm);
    }
  }
}
