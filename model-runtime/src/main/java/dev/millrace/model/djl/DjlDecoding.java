package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Prompt;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A running batch: each step is one call that brings prompts forward by a piece and answers by a
 * token. Pieces are cut at fixed places of a prompt, whatever else is in the batch. In a call those
 * that bring one token come first, in the order of their slots.
 *
 * <p>Answers that are few also bring tokens that are guessed, each as a row of its own that looks
 * at the slots up to its own. Each is bit for bit what it is in a step of its own, and stands if
 * the token before it is the one that was guessed; the slots of those that do not are written
 * again.
 */
final class DjlDecoding implements Decoding {

  /** Prompt tokens that a sequence brings into one step at most. */
  private static final int PIECE = 256;

  /** Prompt tokens of all sequences in one step, about. */
  private static final int STEP_TOKENS = 640;

  /** Answers that guess beside each other at most: a right guess pays for two wrong ones there. */
  private static final int FEW = 8;

  private static final int[] NOTHING = {};

  private final Program program;
  private final MoeConfig config;
  private final PtNDManager memory;
  private final SlotPool pool;
  private final int slots;
  private final int mostOfRun;
  private final Function<Prompt, Drafter> drafters;
  private final IValue keys;
  private final IValue values;

  // What most calls hand in: making arrays costs as much as some operations.
  private final IValue noPrefixes;
  private final IValue noFactors;
  private final IValue noLimits;

  private final Map<Long, Row> rows = new LinkedHashMap<>();
  private Drafts drafted = Drafts.NONE;

  private static final class Row {
    private final long id;
    private final Prompt prompt;

    /** The prompt behind its prefix. */
    private final int[] tokens;

    private final int slot;
    private final Sampler sampler;
    private final Drafter drafter;
    private int past;
    private int emitted;
    private int last;

    Row(long id, Prompt prompt, int slot, Drafter drafter) {
      this.id = id;
      this.prompt = prompt;
      this.tokens = Texts.behind(prompt.prefix(), prompt.tokens());
      this.slot = slot;
      this.sampler = new Sampler(prompt.sampling());
      this.drafter = drafter;
    }

    boolean reads() {
      return past < tokens.length;
    }

    /** Tokens of the next step. */
    int brings() {
      return Math.max(1, Math.min(PIECE, tokens.length - past));
    }

    Piece next() {
      return reads()
          ? new Piece(this, past, Arrays.copyOfRange(tokens, past, past + brings()))
          : new Piece(this, past, new int[] {last});
    }
  }

  /** Tokens that a row brings into a step; past are those before them. */
  private record Piece(Row row, int past, int[] tokens) {

    private boolean isOne() {
      return tokens.length == 1;
    }

    /** Whether a token follows it. */
    private boolean ends() {
      return past + tokens.length >= row.tokens.length;
    }

    /** Whether what it follows on is what was guessed, if it was. */
    private boolean stands() {
      return past == row.past && (row.reads() || tokens[0] == row.last);
    }

    /** The rows of the prefix that it takes. */
    private Prefix given(int hiddenSize) {
      Prefix prefix = row.prompt.prefix();
      int from = Math.min(past, prefix.length());
      int to = Math.min(past + tokens.length, prefix.length());
      return new Prefix(
          to - from, Arrays.copyOfRange(prefix.rows(), from * hiddenSize, to * hiddenSize));
    }
  }

  /**
   * @param drafters who guesses an answer's tokens while there are few: of use where a step costs
   *     little more for a few rows than for one, and to be had where each row is computed by itself
   */
  DjlDecoding(Program program, MoeConfig config, int slots, Function<Prompt, Drafter> drafters) {
    this.program = program;
    this.config = config;
    this.drafters = drafters;
    this.slots = SlotPool.rounded(slots);
    this.pool = new SlotPool(this.slots);
    this.memory = program.scope();
    AttentionConfig a = config.attention();
    this.mostOfRun = a.headDim() == a.valueHeadDim() ? Integer.MAX_VALUE : 1;
    int layers = config.numHiddenLayers();
    this.keys = pools(layers, a.numKeyValueHeads(), a.headDim());
    this.values = pools(layers, a.numKeyValueHeads(), a.valueHeadDim());
    this.noPrefixes = rows(memory, List.of());
    try (CallAdapters none = new CallAdapters(List.of())) {
      this.noFactors = none.tensors(memory);
      this.noLimits = none.limits(memory, config);
    }
  }

  private IValue pools(int layers, int heads, int features) {
    PtNDArray[] pools = new PtNDArray[layers];
    for (int layer = 0; layer < layers; layer++) {
      pools[layer] = (PtNDArray) memory.zeros(new Shape(heads, slots, features));
    }
    return IValue.listFrom(pools);
  }

  @Override
  public boolean admit(long id, Prompt prompt) {
    Texts.requireLength(
        config, Texts.behind(prompt.prefix(), prompt.tokens()), 1, prompt.maxTokens());
    int length = prompt.length();
    if (prompt.maxTokens() < 1 || SlotPool.rounded(length) > slots || rows.containsKey(id)) {
      throw new IllegalArgumentException(
          "prompt %d of %d tokens and %d to add, expected a new id, 1 or more to add and at most %d"
                  .formatted(id, length - prompt.maxTokens(), prompt.maxTokens(), slots)
              + " together");
    }
    int slot = pool.take(length);
    if (slot < 0) {
      return false;
    }
    try {
      clear(slot, SlotPool.rounded(length));
      if (prompt.adapter() instanceof DjlAdapter adapter) {
        adapter.retain();
      }
    } catch (RuntimeException e) { // such as of an adapter that was closed
      pool.give(slot, length);
      throw e;
    }
    rows.put(id, new Row(id, prompt, slot, drafters.apply(prompt)));
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
    List<Piece> pieces = pieces(taken);
    return emit(pieces, advance(pieces));
  }

  private List<Piece> pieces(List<Row> taken) {
    List<Piece> pieces = new ArrayList<>();
    boolean guesses = taken.size() <= FEW && taken.stream().noneMatch(Row::reads);
    for (Row row : taken) {
      pieces.add(row.next());
      int past = row.past;
      for (int token : guesses ? row.drafter.draft() : NOTHING) {
        pieces.add(new Piece(row, ++past, new int[] {token}));
      }
    }
    drafted = drafted.plus(new Drafts(pieces.size() - taken.size(), 0));
    pieces.sort(
        Comparator.comparing((Piece piece) -> !piece.isOne())
            .thenComparing(piece -> piece.row.slot));
    return pieces;
  }

  /** A NaN that a sequence left in a slot would reach the next one, masked or not. */
  private void clear(int slot, int n) {
    for (IValue pools : List.of(keys, values)) {
      try (PtNDManager scope = program.scope();
          IValue from = IValue.from((long) slot);
          IValue count = IValue.from((long) n)) {
        program.call(scope, "clear", pools, from, count);
      }
    }
  }

  /** All that are answering, and as many that still read as fit in a step. */
  private List<Row> taken() {
    List<Row> taken = new ArrayList<>();
    int reading = 0;
    for (Row row : rows.values()) {
      int tokens = row.reads() ? row.brings() : 0;
      if (tokens == 0 || reading == 0 || reading + tokens <= STEP_TOKENS) {
        taken.add(row);
        reading += tokens;
      }
    }
    return taken;
  }

  /** (pieces that end, vocab): log p of their next tokens. */
  private float[] advance(List<Piece> pieces) {
    List<int[]> tokens = pieces.stream().map(Piece::tokens).toList();
    int[] slots = pieces.stream().mapToInt(piece -> piece.row.slot).toArray();
    int[] past = pieces.stream().mapToInt(Piece::past).toArray();
    int ones = (int) pieces.stream().filter(Piece::isOne).count();
    try (PtNDManager scope = program.scope();
        CallAdapters call =
            new CallAdapters(pieces.stream().map(p -> p.row.prompt.adapter()).toList(), ones)) {
      IValue[] arguments = {
        IValue.listFrom(Texts.flat(tokens)),
        given(scope, pieces),
        IValue.listFrom(tokens.stream().mapToLong(t -> t.length).toArray()),
        call.isEmpty() ? noFactors : call.tensors(scope),
        call.which(),
        call.scales(),
        call.isEmpty() ? noLimits : call.limits(scope, config),
        keys,
        values,
        longs(slots),
        longs(past),
        IValue.listFrom(ends(pieces)),
        IValue.from((long) ones),
        IValue.listFrom(Runs.of(Arrays.copyOf(slots, ones), Arrays.copyOf(past, ones), mostOfRun))
      };
      try {
        return program.call(scope, "advance", arguments)[0].toFloatArray();
      } finally {
        List<IValue> kept = kept();
        Arrays.stream(arguments).filter(a -> !kept.contains(a)).forEach(IValue::close);
      }
    }
  }

  private List<IValue> kept() {
    return List.of(keys, values, noPrefixes, noFactors, noLimits);
  }

  private IValue given(PtNDManager scope, List<Piece> pieces) {
    return pieces.stream().allMatch(piece -> piece.past >= piece.row.prompt.prefix().length())
        ? noPrefixes
        : rows(scope, pieces.stream().map(piece -> piece.given(config.hiddenSize())).toList());
  }

  private IValue rows(PtNDManager scope, List<Prefix> prefixes) {
    return IValue.from(Program.array(scope, Texts.given(prefixes, config.hiddenSize())));
  }

  private static IValue longs(int[] numbers) {
    return IValue.listFrom(Arrays.stream(numbers).asLongStream().toArray());
  }

  /** The last rows of the pieces that end. */
  private static long[] ends(List<Piece> pieces) {
    List<Long> ends = new ArrayList<>();
    long at = 0;
    for (Piece piece : pieces) {
      at += piece.tokens.length;
      if (piece.ends()) {
        ends.add(at - 1);
      }
    }
    return ends.stream().mapToLong(e -> e).toArray();
  }

  private List<Token> emit(List<Piece> pieces, float[] logProbs) {
    List<Token> emitted = new ArrayList<>();
    Row before = null;
    int from = 0;
    for (Piece piece : pieces) {
      Row row = piece.row;
      boolean stands = piece.stands();
      if (stands) {
        row.past += piece.tokens.length;
        if (row == before) {
          row.drafter.accept();
          drafted = drafted.plus(new Drafts(0, 1));
        }
        before = row;
      }
      if (piece.ends()) {
        if (stands) {
          emitted.add(emit(row, logProbs, from));
        }
        from += config.vocabSize();
      }
    }
    return emitted;
  }

  private Token emit(Row row, float[] logProbs, int from) {
    row.last = row.sampler.next(logProbs, from, config.vocabSize());
    row.drafter.add(row.last);
    row.emitted++;
    boolean last = row.emitted == row.prompt.maxTokens();
    if (last) {
      cancel(row.id);
    }
    return new Token(row.id, row.last, logProbs[from + row.last], last);
  }

  @Override
  public Drafts drafts() {
    return drafted;
  }

  @Override
  public void cancel(long id) {
    Row row = rows.remove(id);
    if (row != null) {
      pool.give(row.slot, row.prompt.length());
      if (row.prompt.adapter() instanceof DjlAdapter adapter) {
        adapter.release();
      }
    }
  }

  @Override
  public void close() {
    List.copyOf(rows.keySet()).forEach(this::cancel);
    kept().forEach(IValue::close);
    memory.close();
  }
}
