using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;

namespace Millrace.Jobs.Enqueueing;

/// <summary>One job type: its name on the wire, its .NET type, its handler and its defaults.</summary>
internal abstract class JobRegistration(string name, Type jobType, JobDefaults defaults)
{
    public string Name { get; } = name;

    public Type JobType { get; } = jobType;

    public JobDefaults Defaults { get; } = defaults;

    public byte[] Serialize(object job, JsonSerializerOptions json) => JsonSerializer.SerializeToUtf8Bytes(job, JobType, json);

    /// <summary>Reads the payload and runs the handler from <paramref name="services"/>.</summary>
    public abstract Task RunAsync(IServiceProvider services, ReadOnlyMemory<byte> payload, JsonSerializerOptions json, JobContext context, CancellationToken cancellationToken);
}

/// <inheritdoc />
internal sealed class JobRegistration<TJob, THandler>(string name, JobDefaults defaults) : JobRegistration(name, typeof(TJob), defaults)
    where TJob : notnull
    where THandler : class, IJobHandler<TJob>
{
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
