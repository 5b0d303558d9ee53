package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.LoadedAdapter;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A running batch: each step is one call that brings prompts forward by a piece and answers by a
 * token. Pieces are cut at fixed places of a prompt, whatever else is in the batch.
 */
final class DjlDecoding implements Decoding {

  /** Prompt tokens that a sequence brings into one step at most. */
  private static final int PIECE = 256;

  /** Prompt tokens of all sequences in one step, about. */
  private static final int STEP_TOKENS = 640;

  private final Program program;
  private final MoeConfig config;
  private final PtNDManager memory;
  private final SlotPool pool;
  private final int slots;
  private final PtNDArray[] keys;
  private final PtNDArray[] values;
  private final Map<Long, Row> rows = new LinkedHashMap<>();

  private static final class Row {
    private final long id;
    private final Prompt prompt;
    private final int slot;
    private final Sampler sampler;
    private int past;
    private int emitted;
    private int last;

    Row(long id, Prompt prompt, int slot) {
      this.id = id;
      this.prompt = prompt;
      this.slot = slot;
      this.sampler = new Sampler(prompt.sampling());
    }

    int length() {
      return prompt.tokens().length + prompt.maxTokens();
    }

    int[] next() {
      int[] tokens = prompt.tokens();
      return past < tokens.length
          ? Arrays.copyOfRange(tokens, past, Math.min(tokens.length, past + PIECE))
          : new int[] {last};
    }
  }

  DjlDecoding(Program program, MoeConfig config, int slots) {
    this.program = program;
    this.config = config;
    this.slots = SlotPool.rounded(slots);
    this.pool = new SlotPool(this.slots);
    this.memory = program.scope();
    AttentionConfig a = config.attention();
    int layers = config.numHiddenLayers();
    this.keys = pools(layers, a.numKeyValueHeads(), a.headDim());
    this.values = pools(layers, a.numKeyValueHeads(), a.valueHeadDim());
  }

  private PtNDArray[] pools(int layers, int heads, int features) {
    PtNDArray[] pools = new PtNDArray[layers];
    for (int layer = 0; layer < layers; layer++) {
      pools[layer] = (PtNDArray) memory.zeros(new Shape(heads, slots, features));
    }
    return pools;
  }

  @Override
  public boolean admit(long id, Prompt prompt) {
    DjlModel.checkLength(config, prompt.tokens(), 1, prompt.maxTokens());
    int length = prompt.tokens().length + prompt.maxTokens();
    if (prompt.maxTokens() < 1 || SlotPool.rounded(length) > slots || rows.containsKey(id)) {
      throw new IllegalArgumentException(
          "prompt %d of %d tokens and %d to add, expected a new id, 1 or more to add and at most %d"
                  .formatted(id, prompt.tokens().length, prompt.maxTokens(), slots)
              + " together");
    }
    int slot = pool.take(length);
    if (slot < 0) {
      return false;
    }
    if (prompt.adapter() instanceof DjlAdapter adapter) {
      adapter.retain();
    }
    rows.put(id, new Row(id, prompt, slot));
    return true;
  }

  @Override
  public int running() {
    return rows.size();
  }

  @Override
  public List<Token> step() {
    List<Row> taken = taken();
    if (taken.isEmpty()) {
      return List.of();
    }
    List<int[]> tokens = taken.stream().map(Row::next).toList();
    List<Row> ended = new ArrayList<>();
    List<Integer> ends = new ArrayList<>();
    int at = 0;
    for (int i = 0; i < taken.size(); i++) {
      Row row = taken.get(i);
      at += tokens.get(i).length;
      if (row.past + tokens.get(i).length >= row.prompt.tokens().length) {
        ended.add(row);
        ends.add(at - 1);
      }
    }
    float[] logProbs = advance(taken, tokens, ends);
    for (int i = 0; i < taken.size(); i++) {
      taken.get(i).past += tokens.get(i).length;
    }
    return emit(ended, logProbs);
  }

  /** All that are answering, and as many that still read as fit in a step. */
  private List<Row> taken() {
    List<Row> taken = new ArrayList<>();
    int reading = 0;
    for (Row row : rows.values()) {
      int tokens = row.past < row.prompt.tokens().length ? row.next().length : 0;
      if (tokens == 0 || reading == 0 || reading + tokens <= STEP_TOKENS) {
        taken.add(row);
        reading += tokens;
      }
    }
    return taken;
  }

  private float[] advance(List<Row> taken, List<int[]> tokens, List<Integer> ends) {
    List<LoadedAdapter> adapters = taken.stream().map(r -> r.prompt.adapter()).toList();
    try (PtNDManager scope = program.scope();
        CallAdapters call = new CallAdapters(adapters)) {
      return program
          .infer(
              scope,
              "advance",
              IValue.from((PtNDArray) scope.create(DjlModel.flat(tokens))),
              IValue.listFrom(tokens.stream().mapToLong(t -> t.length).toArray()),
              call.tensors(scope),
              call.which(),
              call.scales(),
              call.limits(scope, config),
              IValue.listFrom(keys),
              IValue.listFrom(values),
              IValue.listFrom(taken.stream().mapToLong(r -> r.slot).toArray()),
              IValue.listFrom(taken.stream().mapToLong(r -> r.past).toArray()),
              IValue.listFrom(ends.stream().mapToLong(e -> e).toArray()))[0]
          .toFloatArray();
    }
  }

  private List<Token> emit(List<Row> ended, float[] logProbs) {
    List<Token> emitted = new ArrayList<>();
    for (int i = 0; i < ended.size(); i++) {
      Row row = ended.get(i);
      int from = i * config.vocabSize();
      row.last = row.sampler.next(logProbs, from, config.vocabSize());
      row.emitted++;
      boolean last = row.emitted == row.prompt.maxTokens();
      emitted.add(new Token(row.id, row.last, logProbs[from + row.last], last));
      if (last) {
        cancel(row.id);
      }
    }
    return emitted;
  }

  @Override
  public void cancel(long id) {
    Row row = rows.remove(id);
    if (row != null) {
      pool.give(row.slot, row.length());
      if (row.prompt.adapter() instanceof DjlAdapter adapter) {
        adapter.release();
      }
    }
  }

  @Override
  public void close() {
    List.copyOf(rows.keySet()).forEach(this::cancel);
    memory.close();
  }
}
