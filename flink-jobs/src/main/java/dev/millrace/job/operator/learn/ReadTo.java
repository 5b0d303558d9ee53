package dev.millrace.job.operator.learn;

import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.ReleaseEvent.Action;
import dev.millrace.schema.Verdict;
import java.util.Objects;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.Types;
import org.jspecify.annotations.Nullable;

/**
 * How far the events of the current key's domain were read and obeyed. It stands still behind an
 * order that was refused: what is published further knows what was to be taken back.
 */
final class ReadTo {

  private final ValueState<Long> offset;
  private final ValueState<Boolean> refused;

  /**
   * @param name of its state
   */
  ReadTo(KeyedStateStore store, String name) {
    offset = store.getState(new ValueStateDescriptor<>(name, Types.LONG));
    refused = store.getState(new ValueStateDescriptor<>(name + "-refused", Types.BOOLEAN));
  }

  /** Null if nothing was. */
  @Nullable Long offset() throws Exception {
    return offset.value();
  }

  /** An event was read that asks for nothing, or nothing more. */
  void passed(ReleaseEvent event) throws Exception {
    if (refused.value() == null) {
      offset.update(event.origin().offset());
    }
  }

  /** An order was obeyed, perhaps further, or refused. */
  void judged(ReleaseEvent order, Verdict verdict) throws Exception {
    if (Objects.equals(offset.value(), order.origin().offset())) {
      return; // the verdict is on what is learned again
    }
    if (verdict.accepted()) {
      refused.clear();
    } else if (verdict.parent() != null && order.action() != Action.PIN) {
      refused.update(true); // a pin holds nobody who cannot read its release
    }
    passed(order);
  }
}
