using Microsoft.Extensions.Options;

namespace Millrace.Jobs.Enqueueing;

/// <summary>The queues that this process serves, in the order in which they are claimed from, with how many of their jobs run here and everywhere at once.</summary>
internal sealed class QueueTable
{
    public QueueTable(IEnumerable<QueueRegistration> declared, JobRegistry registry, IOptions<JobsOptions> options)
    {
        var settings = options.Value;
        if (!settings.RunWorkers)
        {
            Served = [];
            return;
        }

        var order = new List<QueueCapacity>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var queue in declared)
        {
            if (!seen.Add(queue.Name))
            {
                throw new InvalidOperationException($"The queue '{queue.Name}' is added twice. Add each queue once.");
            }

            order.Add(new QueueCapacity(queue.Name, queue.Options.Concurrency ?? settings.DefaultConcurrency)
            {
                MaximumRunning = queue.Options.GlobalConcurrency,
                Rate = queue.Options.Rate,
                GroupMaximumRunning = queue.Options.GroupConcurrency,
                GroupRate = queue.Options.GroupRate,
            });
        }

        // A queue that only a handler's defaults name is served too: its jobs must not wait for ever.
        foreach (var name in registry.All.Select(static job => job.Defaults.Queue).Append(JobsOptions.DefaultQueue))
        {
            if (name is not null && seen.Add(name))
            {
                order.Add(new QueueCapacity(name, settings.DefaultConcurrency));
            }
        }

        if (order.Count > JobLimits.MaximumQueues)
        {
            throw new InvalidOperationException($"One process serves at most {JobLimits.MaximumQueues} queues; {order.Count} are added.");
        }

        Served = order;
    }

    public IReadOnlyList<QueueCapacity> Served { get; }
}
