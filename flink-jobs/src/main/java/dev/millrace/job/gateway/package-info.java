/** HTTP in front of the topics, as clients of OpenAI's API speak it. */
@NullMarked
package dev.millrace.job.gateway;

import org.jspecify.annotations.NullMarked;
