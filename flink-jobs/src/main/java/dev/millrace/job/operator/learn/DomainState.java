package dev.millrace.job.operator.learn;

import dev.millrace.job.operator.SharedSerializer;
import dev.millrace.schema.ReleaseEvent;
import dev.millrace.schema.TrainingBatch;
import dev.millrace.schema.Verdict;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.flink.api.common.state.KeyedStateStore;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.common.typeinfo.PrimitiveArrayTypeInfo;
import org.jspecify.annotations.Nullable;

/**
 * What is known of a domain, in the state of the key that is current: its learner, the batches and
 * orders that wait, and how far its events were read. A batch waits until what it taught is in here
 * too.
 */
final class DomainState {

  static final String PENDING = "pending";
  static final String ORDERS = "orders";

  private final ListState<TrainingBatch> pending;
  private final ListState<ReleaseEvent> orders;
  private final ValueState<byte[]> learner;

  private final ReadTo read;

  DomainState(KeyedStateStore store) {
    pending =
        store.getListState(
            new ListStateDescriptor<>(PENDING, SharedSerializer.of(TrainingBatch.class)));
    orders =
        store.getListState(
            new ListStateDescriptor<>(ORDERS, SharedSerializer.of(ReleaseEvent.class)));
    learner =
        store.getState(
            new ValueStateDescriptor<>(
                "learner", PrimitiveArrayTypeInfo.BYTE_PRIMITIVE_ARRAY_TYPE_INFO));
    read = new ReadTo(store, "read");
  }

  /** The state of its learner; null if nothing was learned yet. */
  byte @Nullable [] learner() throws Exception {
    return learner.value();
  }

  /** The offset up to which events were read and obeyed; null if none was. */
  @Nullable Long read() throws Exception {
    return read.offset();
  }

  void add(TrainingBatch batch) throws Exception {
    pending.add(batch);
  }

  void add(ReleaseEvent order) throws Exception {
    orders.add(order);
  }

  Iterable<TrainingBatch> batches() throws Exception {
    return pending.get();
  }

  Iterable<ReleaseEvent> orders() throws Exception {
    return orders.get();
  }

  /** The order to obey next; null if none waits. */
  @Nullable ReleaseEvent order() throws Exception {
    Iterator<ReleaseEvent> waiting = orders.get().iterator();
    return waiting.hasNext() ? waiting.next() : null;
  }

  /** The orders behind that. */
  List<ReleaseEvent> ordersBehind() throws Exception {
    return afterHead(orders);
  }

  /** The batch to learn next. */
  TrainingBatch batch() throws Exception {
    return pending.get().iterator().next();
  }

  /** An event was read that asks for nothing: it counts as read unless an order waits before it. */
  void passOver(ReleaseEvent event) throws Exception {
    if (order() == null) {
      read.passed(event);
    }
  }

  /** The next batch was learned, and the learner's state is this. */
  void learned(TrainingBatch batch, byte[] state) throws Exception {
    TrainingBatch head = batch();
    if (head.number() != batch.number()) {
      throw new IllegalStateException(
          "learned batch " + batch.number() + ", but next in line is " + head.number());
    }
    pending.update(afterHead(pending));
    learner.update(state);
  }

  /**
   * The next order was obeyed or refused, and the learner's state is this.
   *
   * @param whole whether nothing of it is left; else it is obeyed further next
   */
  void obeyed(ReleaseEvent order, Verdict verdict, byte[] state, boolean whole) throws Exception {
    read.judged(order, verdict);
    if (whole) {
      orders.update(afterHead(orders));
    }
    learner.update(state);
  }

  private static <T> List<T> afterHead(ListState<T> line) throws Exception {
    List<T> left = new ArrayList<>();
    line.get().forEach(left::add);
    left.remove(0);
    return left;
  }
}
