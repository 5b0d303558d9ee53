package dev.millrace.model.djl;

import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import dev.millrace.model.base.Foreground;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.config.AttentionConfig;
import dev.millrace.model.config.MoeConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Steps that are one call of a program each. A step of one row has the help of another thread if it
 * is the only one that is computed, nobody trains who would have to give way, and help pays.
 */
final class ProgramStep implements Step {

  private static final AtomicInteger COMPUTED = new AtomicInteger();

  private final Program program;
  private final MoeConfig config;
  private final PtNDManager memory;
  private final int slots;
  private final boolean mayBeHelped;
  private final HelpChoice choice = new HelpChoice();
  private final int mostOfRun;

  /** All that lasts as long as this. */
  private final List<IValue> kept = new ArrayList<>();

  private final IValue keys;
  private final IValue values;

  // What most calls hand in: making arrays costs as much as some operations.
  private final IValue noPrefixes;
  private final IValue noFactors;
  private final IValue noLimits;

  ProgramStep(Program program, MoeConfig config, int slots, boolean mayBeHelped) {
    this.mayBeHelped = mayBeHelped;
    this.program = program;
    this.config = config;
    this.slots = slots;
    this.memory = program.scope();
    AttentionConfig a = config.attention();
    this.mostOfRun = a.headDim() == a.valueHeadDim() ? Integer.MAX_VALUE : 1;
    int layers = config.numHiddenLayers();
    try (CallAdapters none = new CallAdapters(List.of())) {
      this.keys = keep(pools(layers, a.numKeyValueHeads(), a.headDim()));
      this.values = keep(pools(layers, a.numKeyValueHeads(), a.valueHeadDim()));
      this.noPrefixes = keep(rows(memory, List.of()));
      this.noFactors = keep(none.tensors(memory));
      this.noLimits = keep(none.limits(memory, config));
    } catch (RuntimeException | Error e) { // such as of a cache for which there is no memory
      close();
      throw e;
    }
  }

  private IValue keep(IValue value) {
    kept.add(value);
    return value;
  }

  private IValue pools(int layers, int heads, int features) {
    PtNDArray[] pools = new PtNDArray[layers];
    for (int layer = 0; layer < layers; layer++) {
      pools[layer] = (PtNDArray) memory.zeros(new Shape(heads, slots, features));
    }
    return IValue.listFrom(pools);
  }

  /** A NaN that a sequence left in a slot would reach the next one, masked or not. */
  @Override
  public void clear(int slot, int n) {
    for (IValue pools : List.of(keys, values)) {
      try (PtNDManager scope = program.scope();
          IValue from = IValue.from((long) slot);
          IValue count = IValue.from((long) n)) {
        program.call(scope, "clear", pools, from, count);
      }
    }
  }

  @Override
  public float[] advance(List<Piece> pieces) {
    List<int[]> tokens = pieces.stream().map(Piece::tokens).toList();
    int[] slots = pieces.stream().mapToInt(Piece::slot).toArray();
    int[] past = pieces.stream().mapToInt(Piece::past).toArray();
    int ones = (int) pieces.stream().filter(Piece::isOne).count();
    try (PtNDManager scope = program.scope();
        CallAdapters call = new CallAdapters(pieces.stream().map(Piece::adapter).toList(), ones)) {
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
      boolean only = COMPUTED.incrementAndGet() == 1;
      try {
        boolean lone = mayBeHelped && only && pieces.size() == 1 && !anyGivesWay();
        if (!lone || ones == 0) {
          program.help(lone && choice.better() ? pieces.get(0).tokens().length : 0);
          return program.call(scope, "advance", arguments)[0].toFloatArray();
        }
        boolean help = choice.next();
        program.help(help ? 1 : 0);
        long start = System.nanoTime();
        float[] logProbs = program.call(scope, "advance", arguments)[0].toFloatArray();
        choice.took(help, System.nanoTime() - start);
        return logProbs;
      } finally {
        COMPUTED.decrementAndGet();
        program.help(0); // nobody else's texts
        Arrays.stream(arguments).filter(a -> !kept.contains(a)).forEach(IValue::close);
      }
    }
  }

  private static boolean anyGivesWay() {
    return Foreground.ofProcess().anyGivesWay();
  }

  private IValue given(PtNDManager scope, List<Piece> pieces) {
    return pieces.stream().allMatch(piece -> piece.given().length() == 0)
        ? noPrefixes
        : rows(scope, pieces.stream().map(Piece::given).toList());
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
      at += piece.tokens().length;
      if (piece.ends()) {
        ends.add(at - 1);
      }
    }
    return ends.stream().mapToLong(e -> e).toArray();
  }

  @Override
  public void close() {
    kept.forEach(IValue::close);
    memory.close();
  }
}
