package dev.millrace.adapter.bigram;

import dev.millrace.model.text.Tokenizer;

/** Token i is the i-th letter. */
public class Letters implements Tokenizer {

  @Override
  public int[] encode(String text) {
    return text.chars().map(c -> c - 'a').toArray();
  }

  @Override
  public String decode(int[] tokens) {
    StringBuilder text = new StringBuilder();
    for (int token : tokens) {
      text.append((char) ('a' + token));
    }
    return text.toString();
  }

  @Override
  public void close() {}
}
