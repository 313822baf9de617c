using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Enqueueing;

/// <summary>One job type: its name on the wire, what it is told by here, how it is written, read and run, and its defaults.</summary>
/// <param name="name">The name under which jobs are stored.</param>
/// <param name="key">What a job is recognised by when it is enqueued: its .NET type, else its <see cref="IKeyedJob.Key"/>. Its text names it in messages.</param>
/// <param name="defaults">What holds unless an enqueue says otherwise.</param>
internal abstract class JobRegistration(string name, object key, JobDefaults defaults)
{
    public string Name { get; } = name;

    public object Key { get; } = key;

    public JobDefaults Defaults { get; } = defaults;

    /// <summary>Names under which waiting jobs may still be stored.</summary>
    public virtual IReadOnlyList<string> FormerNames => Defaults.FormerNames;

    /// <summary>The payload.</summary>
    public abstract byte[] Serialize(object job, JsonSerializerOptions json);

    /// <summary>Reads the payload and runs what handles it, from <paramref name="services"/>.</summary>
    public abstract Task RunAsync(IServiceProvider services, ReadOnlyMemory<byte> payload, JsonSerializerOptions json, JobContext context, CancellationToken cancellationToken);
}

/// <inheritdoc />
internal sealed class JobRegistration<TJob, THandler>(string name, JobDefaults defaults) : JobRegistration(name, typeof(TJob), defaults)
    where TJob : notnull
    where THandler : class, IJobHandler<TJob>
{
    public override byte[] Serialize(object job, JsonSerializerOptions json) => JsonSerializer.SerializeToUtf8Bytes((TJob)job, json);

    public override Task RunAsync(IServiceProvider services, ReadOnlyMemory<byte> payload, JsonSerializerOptions json, JobContext context, CancellationToken cancellationToken)
    {
        TJob? job;
        try
        {
            job = JsonSerializer.Deserialize<TJob>(payload.Span, json);
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new UnrecoverableJobException($"The payload of job type '{Name}' cannot be read as {typeof(TJob).Name}.", error);
        }

        if (job is null)
        {
            throw new UnrecoverableJobException($"The payload of job type '{Name}' is null.");
        }

        return services.GetRequiredService<THandler>().HandleAsync(job, context, cancellationToken);
    }
}
