using System.Runtime.InteropServices;
using Millrace.Redis.Protocol;

namespace Millrace.Redis.Connection;

/// <summary>
/// Asks by WAIT, over the connection that wrote, what replicas have. One question is on its way at a time for the same number and time; who
/// asks meanwhile shares the next one, which speaks of all writes before it. So a thousand callers hold the connection up no longer than one.
/// </summary>
internal sealed class ReplicaWaits(RespConnection connection, ClientClock clock)
{
    private static readonly CommandName Wait = CommandName.Write("WAIT");

    private readonly Lock _lock = new(); // guards _rounds and what is in them
    private readonly Dictionary<Question, Rounds> _rounds = []; // those that are on their way

    /// <summary>Waits for replicas to have what this connection has written.</summary>
    /// <param name="replicas">For how many.</param>
    /// <param name="timeout">How long, by the server's clock.</param>
    /// <param name="commandTimeout">How long the answer may take besides.</param>
    /// <returns>How many have it; 0 when the connection or the answer was lost. Never fails.</returns>
    public Task<int> WaitAsync(int replicas, TimeSpan timeout, TimeSpan commandTimeout)
    {
        var question = new Question(replicas, (long)timeout.TotalMilliseconds, commandTimeout);
        lock (_lock)
        {
            if (_rounds.TryGetValue(question, out var rounds))
            {
                return (rounds.Next ??= NewRound()).Task;
            }

            var round = NewRound();
            rounds = _rounds[question] = new Rounds { Next = round };
            _ = RunAsync(question, rounds); // ends with the last round
            return round.Task;
        }
    }

    private static TaskCompletionSource<int> NewRound() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private async Task RunAsync(Question question, Rounds rounds)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding); // the caller holds the lock
        while (true)
        {
            TaskCompletionSource<int> round;
            lock (_lock)
            {
                if (rounds.Next is not { } next)
                {
                    _rounds.Remove(question);
                    return;
                }

                round = next;
                rounds.Next = null;
            }

            round.SetResult(await AskAsync(question).ConfigureAwait(false));
        }
    }

    private async ValueTask<int> AskAsync(Question question)
    {
        var operation = RedisOperation<int>.Rent(static (ref RespReader reader, RedisOperation operation) =>
        {
            // Sent again on another connection it would speak of that one's writes.
            var count = reader.ReadInt64();
            return operation.Target == operation.AnsweredBy ? (int)Math.Clamp(count, 0, int.MaxValue) : 0;
        });
        operation.Encode(Wait, [question.Replicas, question.Milliseconds]);
        operation.Target = connection;
        operation.Deadline = clock.After(question.CommandTimeout + TimeSpan.FromMilliseconds(question.Milliseconds));
        var answer = operation.Task;
        if (!connection.TryAppend(operation))
        {
            operation.Fail(new RedisConnectionException("The connection ended, or is full."));
        }

        try
        {
            return await answer.ConfigureAwait(false);
        }
        catch (RedisException)
        {
            return 0; // what replicas have is not known
        }
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Question(int Replicas, long Milliseconds, TimeSpan CommandTimeout);

    private sealed class Rounds
    {
        public TaskCompletionSource<int>? Next { get; set; }
    }
}
