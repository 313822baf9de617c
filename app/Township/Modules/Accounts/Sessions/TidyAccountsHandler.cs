using Millrace.Jobs;
using Township.Modules.Accounts.Links;

namespace Township.Modules.Accounts.Sessions;

internal sealed class TidyAccountsHandler(SessionStore sessions, AccountLinks links) : IJobHandler<TidyAccounts>
{
    public async Task HandleAsync(TidyAccounts job, JobContext context, CancellationToken cancellationToken)
    {
        var ended = await sessions.DeleteExpiredAsync(cancellationToken);
        var expired = await links.DeleteExpiredAsync(cancellationToken);
        await context.ReportProgressAsync(100, $"{ended} sessions, {expired} links", cancellationToken);
    }
}
