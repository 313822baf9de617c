using System.Globalization;
using Millrace.Redis;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Requests as Scripts/enqueue.lua takes them, in groups, and what it answers.</summary>
internal static class EnqueueText
{
    private static readonly EnqueueOutcome Stored = new();

    /// <summary>How many requests, from one on, go as one group: those of one plain job each that follow each other, else one.</summary>
    private static int CountAlike(List<EnqueueRequest> requests, int from)
    {
        var end = from;
        while (end < requests.Count && requests[end] is { IsPlain: true, Jobs.Count: 1 } && requests[end].MaximumQueueLength == requests[from].MaximumQueueLength)
        {
            end++;
        }

        return Math.Max(1, end - from);
    }

    /// <summary>Adds the groups.</summary>
    public static void Add(List<RedisArgument> arguments, List<EnqueueRequest> requests)
    {
        for (var at = 0; at < requests.Count;)
        {
            var alike = CountAlike(requests, at);
            var first = requests[at];
            arguments.Add(alike > 1 ? "s" : first.IsPlain ? "p" : "f");
            arguments.Add(first.MaximumQueueLength);
            arguments.Add(alike > 1 ? alike : first.Jobs.Count);
            var end = at + alike;
            if (first.IsPlain)
            {
                for (var i = at; i < end; i++)
                {
                    AddIds(arguments, requests[i]);
                }

                for (var i = at; i < end; i++)
                {
                    AddBodies(arguments, requests[i]);
                }
            }
            else
            {
                for (var i = 0; i < first.Jobs.Count; i++)
                {
                    AddJob(arguments, first.Jobs[i], first.Bodies[i]);
                }
            }

            at = end;
        }
    }

    /// <summary>Tells the requests what the script has told of their groups.</summary>
    public static void Answer(string queue, List<EnqueueRequest> requests, RedisReply reply)
    {
        var (at, group) = (0, 0);
        while (at < requests.Count)
        {
            var alike = CountAlike(requests, at);
            var told = reply[group++];
            if (alike == 1)
            {
                requests[at].Succeed(Outcome(queue, requests[at], told));
            }
            else
            {
                foreach (var one in told.Items)
                {
                    var place = int.Parse(one.AsString()!, CultureInfo.InvariantCulture);
                    var request = requests[at + Math.Abs(place) - 1];
                    request.Succeed(place < 0 ? new EnqueueOutcome { FullQueue = queue } : new EnqueueOutcome { Existing = [request.Jobs[0].Id] });
                }

                for (var i = at; i < at + alike; i++)
                {
                    requests[i].Succeed(Stored); // those told of have their answer already
                }
            }

            at += alike;
        }
    }

    /// <summary>The five arguments of Scripts/_enqueue.lua for a job.</summary>
    public static void AddJob(List<RedisArgument> arguments, NewJob job, byte[] body)
    {
        arguments.Add(job.Id);
        arguments.Add(When(job));
        arguments.Add(Marks(job));
        arguments.Add(job.Unique is { } unique
            ? string.Create(CultureInfo.InvariantCulture, $"{JobBody.Letter(unique.Until)}{(unique.Replace ? 1 : 0)}{(long)Math.Ceiling(unique.Period.TotalMilliseconds)}:{unique.Key}")
            : string.Empty);
        arguments.Add(body);
    }

    /// <summary>When a job is due, as scripts take it.</summary>
    public static string When(NewJob job) => job.At is { } at
        ? "@" + RoundUp(at).ToString(CultureInfo.InvariantCulture)
        : ((long)Math.Ceiling(job.Delay.GetValueOrDefault().TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>A job's tags, as scripts take them.</summary>
    public static string Marks(NewJob job) => job.Tags.Count == 0 ? string.Empty : string.Concat(job.Tags.Select(static tag => tag + '\0'));

    private static void AddIds(List<RedisArgument> arguments, EnqueueRequest request)
    {
        for (var i = 0; i < request.Jobs.Count; i++)
        {
            arguments.Add(request.Jobs[i].Id);
        }
    }

    private static void AddBodies(List<RedisArgument> arguments, EnqueueRequest request)
    {
        foreach (var body in request.Bodies)
        {
            arguments.Add(body);
        }
    }

    private static EnqueueOutcome Outcome(string queue, EnqueueRequest request, RedisReply told)
    {
        if (told.Type == RespType.Integer)
        {
            return new EnqueueOutcome { FullQueue = queue };
        }

        if (told.Count == 0)
        {
            return Stored;
        }

        var existing = new List<string>(told.Count);
        var holders = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in told.Items)
        {
            var parts = one.AsString()!.Split(':', 2);
            var id = request.Jobs[int.Parse(parts[0], CultureInfo.InvariantCulture) - 1].Id;
            existing.Add(id);
            if (parts.Length == 2)
            {
                holders[id] = parts[1];
            }
        }

        return new EnqueueOutcome { Existing = existing, Holders = holders };
    }

    private static long RoundUp(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks + TimeSpan.TicksPerMillisecond - 1) / TimeSpan.TicksPerMillisecond;
}
