namespace Millrace.Jobs;

/// <summary>Stands around every attempt of this process, for what all handlers share: logging scopes, tenants, measurements, transactions. Resolved from the
/// attempt's scope. <see cref="JobsBuilder.UseMiddleware{TMiddleware}"/> adds one; the first that is added is the outermost.</summary>
public interface IJobMiddleware
{
    /// <summary>Does what comes before, calls <paramref name="next"/>, and does what comes behind. What it throws, or lets pass, fails the attempt;
    /// returning without calling <paramref name="next"/> completes the job without its handler.</summary>
    /// <param name="context">The attempt.</param>
    /// <param name="next">The next middleware, else the handler.</param>
    /// <param name="cancellationToken">As for <see cref="IJobHandler{TJob}.HandleAsync"/>.</param>
    Task InvokeAsync(JobContext context, Func<Task> next, CancellationToken cancellationToken);
}
