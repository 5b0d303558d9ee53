package dev.millrace.model.djl;

/** Guesses the tokens of one answer. */
interface Drafter {

  /** The tokens that may come next, fewer than the answer lacks. */
  int[] draft();

  /** The answer goes on with a token. */
  void add(int token);

  /** The token that was added last was guessed. */
  void accept();

  /** Guesses nothing. */
  Drafter NONE =
      new Drafter() {
        private static final int[] NOTHING = {};

        @Override
        public int[] draft() {
          return NOTHING;
        }

        @Override
        public void add(int token) {}

        @Override
        public void accept() {}
      };
}
