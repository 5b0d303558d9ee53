package dev.millrace.job.bench.experts;

import dev.millrace.model.base.ExpertLayer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the job does, without Flink: its oracle. */
final class OneProcess implements AutoCloseable {

  static final Path GOLDEN =
      Path.of(System.getProperty("millrace.root"), "model-runtime/src/test/resources/golden");

  private final SplitPlan plan;
  private final ExpertLayer router;
  private final Dealer dealer;
  private final List<ExpertLayer> opened = new ArrayList<>();
  private final List<List<ExpertPart>> groups = new ArrayList<>();

  OneProcess(SplitPlan plan) throws Exception {
    this.plan = plan;
    this.router = plan.openRouter();
    this.dealer = new Dealer(router, plan);
    Placement placement = plan.placement();
    for (int group = 0; group < placement.groups(); group++) {
      List<ExpertPart> parts = new ArrayList<>();
      for (int part = 0; part < placement.parts(); part++) {
        ExpertLayer experts = plan.openPart(group, part);
        opened.add(experts);
        parts.add(new ExpertPart(experts, placement, group, part));
      }
      groups.add(parts);
    }
  }

  List<Copies> deal(HiddenBatch batch, int origin) {
    return dealer.deal(batch, origin);
  }

  /** What the experts of a group sum up. */
  Sums sums(Copies copies) {
    Adder combine = new Adder(plan.placement().parts(), 1);
    @Nullable Sums sums = null;
    for (ExpertPart part : groups.get(copies.group())) {
      Sums one = part.sums(copies);
      sums = combine.take(one.part(), one);
    }
    return Objects.requireNonNull(sums);
  }

  float[] run(HiddenBatch batch) {
    Adder add = new Adder(plan.placement().groups(), plan.keysOfToken());
    @Nullable Sums all = null;
    for (Copies copies : deal(batch, 0)) {
      Sums sums = sums(copies);
      all = add.take(sums.group(), sums);
    }
    return Objects.requireNonNull(all).rows();
  }

  @Override
  public void close() {
    router.close();
    opened.forEach(ExpertLayer::close);
  }
}
