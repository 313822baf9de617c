using Microsoft.AspNetCore.Authentication;
using Township.Modules.Accounts.Sessions;
using Township.Platform.Identity;

namespace Township.Modules.Accounts;

/// <summary>Both ways to sign in behind one default scheme, and the policies.</summary>
internal static class AccountsAuthentication
{
    private const string Either = "township";

    public static void AddTownshipAuthentication(this IServiceCollection services)
    {
        services.AddAuthentication(Either)
            .AddPolicyScheme(Either, null, options => options.ForwardDefaultSelector = static context =>
                BearerAuthentication.Applies(context.Request) ? BearerAuthentication.SchemeName : SessionAuthentication.SchemeName)
            .AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.SchemeName, null)
            .AddScheme<AuthenticationSchemeOptions, BearerAuthentication>(BearerAuthentication.SchemeName, null);
        services.AddAuthorizationBuilder()
            .AddPolicy(TownshipPolicies.Resident, policy => policy.RequireAuthenticatedUser())
            .AddPolicy(TownshipPolicies.Operator, policy => policy.RequireRole(TownshipRoles.Operator));
    }
}
