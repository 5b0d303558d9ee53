package dev.millrace.job.operator;

import dev.millrace.adapter.exchange.Order;
import dev.millrace.schema.Chunk;
import dev.millrace.schema.Rejection;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.Sample;
import dev.millrace.schema.Verdict;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.util.OutputTag;

/** The side outputs of the operators. */
public final class Outputs {
  public static final OutputTag<Rejection> REJECTED =
      new OutputTag<>("rejected", TypeInformation.of(Rejection.class));
  public static final OutputTag<ReleaseEvent> RELEASES =
      new OutputTag<>("releases", TypeInformation.of(ReleaseEvent.class));

  /** What was found of candidates beside the stream that learns from batches. */
  public static final OutputTag<Verdict> VERDICTS =
      new OutputTag<>("verdicts", TypeInformation.of(Verdict.class));

  /** Samples that name no domain, and copies of those that do, to learn from. */
  public static final OutputTag<Sample> TO_ASSIGN =
      new OutputTag<>("to-assign", TypeInformation.of(Sample.class));

  public static final OutputTag<Chunk> CHUNKS =
      new OutputTag<>("chunks", TypeInformation.of(Chunk.class));

  /** What trainers of other processes are to do. */
  public static final OutputTag<Order> ORDERS =
      new OutputTag<>("orders", TypeInformation.of(Order.class));

  private Outputs() {}
}
