using Millrace.Jobs;
using Township.Modules.Accounts;
using Township.Platform.Web;

namespace Township.Modules.Notifications.Email;

internal sealed class SendEmailHandler(Profiles profiles, EmailSender email, PublicAddress address) : IJobHandler<SendEmail>
{
    public async Task HandleAsync(SendEmail job, JobContext context, CancellationToken cancellationToken)
    {
        if (await profiles.FindAsync(job.UserId, cancellationToken) is not { } profile)
        {
            return; // the account is gone, and nobody is left to read it
        }

        var values = new Dictionary<string, string>(job.Values ?? new Dictionary<string, string>());
        if (values.TryGetValue("link", out var link) && link.StartsWith('/'))
        {
            values["link"] = address.Link(link);
        }

        values.TryAdd("link", address.Link("/"));
        await email.SendAsync(job.Template, profile.Name, profile.Email, values, context.Id, cancellationToken);
    }
}
