using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Ends of claims as Scripts/_finish.lua takes them, in groups of those that follow each other and are alike; and its answers.</summary>
internal static class FinishText
{
    /// <summary>Behind the answers: other queues have to be told.</summary>
    private const long ToTell = 100;

    private static readonly RedisArgument None = "-";

    /// <summary>Adds how many groups there are, then the groups.</summary>
    public static void Add(List<RedisArgument> arguments, IReadOnlyList<JobFinish> finishes)
    {
        var groupsAt = arguments.Count;
        arguments.Add(0);
        var (groups, countAt, count, kind, token) = (0, 0, 0, '\0', 0L);
        for (var i = 0; i < finishes.Count; i++)
        {
            var finish = finishes[i];
            var letter = Letter(finish);
            if (letter != kind || finish.Run.Token != token)
            {
                (kind, token, count) = (letter, finish.Run.Token, 0);
                groups++;
                arguments.Add(Name(kind));
                arguments.Add(token);
                countAt = arguments.Count;
                arguments.Add(0);
            }

            arguments[countAt] = ++count;
            arguments.Add(finish.Run.Id);
            if (kind is 'R' or 'k' or 'd' or 'r' or 's')
            {
                arguments.Add((long)Math.Ceiling(finish.Delay.TotalMilliseconds));
                arguments.Add(finish.Result is { } result && kind is 'R' or 'k' ? (byte[])[(byte)'+', .. result.Span] : finish.Error is null ? None : "+" + finish.Error);
            }
        }

        arguments[groupsAt] = groups;
    }

    /// <summary>The answers, one for each end.</summary>
    /// <param name="told">What the script said.</param>
    /// <param name="count">How many ends there were.</param>
    /// <param name="toTell">Other queues have to be told of them.</param>
    public static FinishResult[] Answers(long[] told, int count, out bool toTell)
    {
        var answers = new FinishResult[count];
        var at = 0;
        toTell = told is [.., ToTell];
        foreach (var number in toTell ? told[..^1] : told)
        {
            if (number < 0)
            {
                answers.AsSpan(at, (int)-number).Fill(new FinishResult(FinishStatus.Applied, JobState.Completed));
                at += (int)-number;
            }
            else
            {
                answers[at++] = new FinishResult((FinishStatus)(number / 10), number % 10 is < 9 and var state ? (JobState)state : null);
            }
        }

        return answers;
    }

    private static char Letter(JobFinish finish) => finish.Kind switch
    {
        FinishKind.Completed => finish.Remove ? finish.Result is null ? 'c' : 'k' : finish.Result is null ? 'C' : 'R',
        FinishKind.Dead => 'd',
        FinishKind.Cancelled => 'x',
        FinishKind.Retry => 'r',
        FinishKind.Snoozed => 's',
        _ => 'b',
    };

    private static string Name(char letter) => letter switch
    {
        'c' => "c",
        'k' => "k",
        'C' => "C",
        'R' => "R",
        'd' => "d",
        'x' => "x",
        'r' => "r",
        's' => "s",
        _ => "b",
    };
}
