/** What an adapter is to the rest: values that are learned, and what they add where. */
@NullMarked
package dev.millrace.model.adapter;

import org.jspecify.annotations.NullMarked;
