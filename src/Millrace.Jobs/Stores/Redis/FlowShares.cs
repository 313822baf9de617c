using System.Globalization;
using System.Text;

namespace Millrace.Jobs.Stores.Redis;

/// <summary>Cuts a flow into what each queue has to store of it, in the order that lets no end be missed:
/// 1. the jobs that wait, everywhere;
/// 2. who waits for them, and for jobs that were there before;
/// 3. the jobs that do not wait, which may run at once, with who waits for them.</summary>
internal sealed class FlowShares(IReadOnlyList<NewJob> jobs)
{
    private readonly HashSet<JobAddress> _free = [.. jobs.Where(static job => job.After.Count == 0).Select(Address)];
    private readonly ILookup<string, NewJob> _jobs = jobs.ToLookup(static job => job.Queue, StringComparer.Ordinal);

    /// <summary>Every queue that holds a job of the flow, or one that it waits for.</summary>
    public IReadOnlyList<string> Queues { get; } = [.. jobs.SelectMany(static job => job.After.Select(static other => other.Queue).Prepend(job.Queue)).Distinct(StringComparer.Ordinal)];

    public IReadOnlyList<FlowMessage.Share> All => [.. Enumerable.Range(1, 3).SelectMany(Of)];

    /// <summary>The jobs that go to a queue.</summary>
    public IEnumerable<NewJob> Jobs(string queue) => _jobs[queue];

    /// <summary>The arguments that store everything in one call, for a flow in one queue.</summary>
    public List<byte[]> Whole(int maximumQueueLength) => Arguments(Queues[0], Text(maximumQueueLength), static _ => true, static _ => true);

    private IEnumerable<FlowMessage.Share> Of(int number)
    {
        foreach (var queue in Queues)
        {
            var arguments = Arguments(queue, [], job => number == (job.After.Count > 0 ? 1 : 3), job => number == (_free.Contains(job) ? 3 : 2));
            if (arguments.Count > 4)
            {
                yield return new FlowMessage.Share(queue, number, arguments);
            }
        }
    }

    /// <summary>See Scripts/deliver_flow.lua, from the limit on.</summary>
    private List<byte[]> Arguments(string queue, byte[] limit, Func<NewJob, bool> hasJob, Func<JobAddress, bool> hasLink)
    {
        var all = _jobs[queue].ToList();
        var arguments = new List<byte[]> { limit, Text(all.Count), Text(all.Count(hasJob)) };
        for (var place = 0; place < all.Count; place++)
        {
            if (hasJob(all[place]))
            {
                AddJob(arguments, all[place], place);
            }
        }

        var links = jobs.SelectMany(job => job.After.Where(other => other.Queue == queue && hasLink(other)).Select(other => (Job: job, Other: other))).ToList();
        arguments.Add(Text(links.Count));
        foreach (var (job, other) in links)
        {
            arguments.AddRange([Text(other.Id), Text(job.Queue), Text(job.Id)]);
        }

        return arguments;
    }

    private static void AddJob(List<byte[]> arguments, NewJob job, int place)
    {
        arguments.AddRange([
            Text(job.Id), Text(EnqueueText.When(job)), Text(EnqueueText.Marks(job)), [], JobBody.Write(job),
            Text(place), Text((int)job.Condition), Text(job.After.Count)]);
        foreach (var other in job.After)
        {
            arguments.AddRange([Text(other.Queue), Text(other.Id)]);
        }
    }

    private static JobAddress Address(NewJob job) => new(job.Queue, job.Id);

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Text(int number) => Text(number.ToString(CultureInfo.InvariantCulture));
}
