package dev.millrace.model.djl;

import dev.millrace.model.base.Decoding;
import dev.millrace.model.base.Drafts;
import dev.millrace.model.base.Prefix;
import dev.millrace.model.base.Prompt;
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

  private final Step step;
  private final MoeConfig config;
  private final SlotPool pool;
  private final int slots;
  private final Function<Prompt, Drafter> drafters;
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

    int[] next() {
      return reads() ? Arrays.copyOfRange(tokens, past, past + brings()) : new int[] {last};
    }
  }

  /** What a row brings into a step. */
  private record Turn(Row row, Piece piece) {

    /** Whether what it follows on is what was guessed, if it was. */
    private boolean stands() {
      return piece.past() == row.past && (row.reads() || piece.tokens()[0] == row.last);
    }
  }

  /**
   * @param drafters who guesses an answer's tokens while there are few: of use where a step costs
   *     little more for a few rows than for one, and to be had where each row is computed by itself
   */
  DjlDecoding(Step step, MoeConfig config, int slots, Function<Prompt, Drafter> drafters) {
    this.step = step;
    this.config = config;
    this.drafters = drafters;
    this.slots = slots;
    this.pool = new SlotPool(slots);
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
      step.clear(slot, SlotPool.rounded(length));
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
    List<Turn> turns = turns(taken);
    return emit(turns, step.advance(turns.stream().map(Turn::piece).toList()));
  }

  private List<Turn> turns(List<Row> taken) {
    List<Turn> turns = new ArrayList<>();
    boolean guesses = taken.size() <= FEW && taken.stream().noneMatch(Row::reads);
    for (Row row : taken) {
      turns.add(turn(row, row.past, row.next()));
      int past = row.past;
      for (int token : guesses ? row.drafter.draft() : NOTHING) {
        turns.add(turn(row, ++past, new int[] {token}));
      }
    }
    drafted = drafted.plus(new Drafts(turns.size() - taken.size(), 0));
    turns.sort(
        Comparator.comparing((Turn turn) -> !turn.piece.isOne())
            .thenComparing(turn -> turn.row.slot));
    return turns;
  }

  private Turn turn(Row row, int past, int[] tokens) {
    int to = past + tokens.length;
    Prefix given = row.prompt.prefix().rows(past, to, config.hiddenSize());
    boolean ends = to >= row.tokens.length;
    return new Turn(row, new Piece(row.slot, past, tokens, given, row.prompt.adapter(), ends));
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

  private List<Token> emit(List<Turn> turns, float[] logProbs) {
    List<Token> emitted = new ArrayList<>();
    Row before = null;
    int from = 0;
    for (Turn turn : turns) {
      Row row = turn.row;
      boolean stands = turn.stands();
      if (stands) {
        row.past += turn.piece.tokens().length;
        if (row == before) {
          row.drafter.accept();
          drafted = drafted.plus(new Drafts(0, 1));
        }
        before = row;
      }
      if (turn.piece.ends()) {
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
    step.close();
  }
}
