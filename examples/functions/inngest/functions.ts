// inngest/functions.ts
import { sendEmail } from '../lib/email.ts';
import { inngest } from '../lib/inngest.ts';
import { generateDailyReport } from '../lib/reports.ts';
import { chargeCard, checkInventory, reserveInventory } from '../lib/shop.ts';
import { getUser } from '../lib/users.ts';

// Simple function
export const sendWelcomeEmail = inngest.createFunction(
  {
    id: 'send-welcome-email',
    retries: 3,
  },
  { event: 'user/created' },
  async ({ event, step }) => {
    const user = event.data;

    await step.run('send-email', async () => {
      await sendEmail({
        to: user.email,
        subject: 'Welcome!',
        template: 'welcome',
      });
    });

    return { sent: true };
  }
);

// Multi-step function with automatic retries
export const processOrder = inngest.createFunction(
  {
    id: 'process-order',
    retries: 5,
  },
  { event: 'order/placed' },
  async ({ event, step }) => {
    const order = event.data;

    // Each step is retried independently
    const inventory = await step.run('check-inventory', async () => {
      return await checkInventory(order.items);
    });

    if (!inventory.available) {
      // Cancel the function
      return { status: 'cancelled', reason: 'out-of-stock' };
    }

    const payment = await step.run('charge-payment', async () => {
      return await chargeCard(order.paymentMethodId, order.total);
    });

    await step.run('reserve-inventory', async () => {
      await reserveInventory(order.items);
    });

    // Wait before sending confirmation
    await step.sleep('wait-before-email', '5s');

    await step.run('send-confirmation', async () => {
      await sendEmail({
        to: order.customerEmail,
        subject: 'Order Confirmed',
        template: 'order-confirmation',
        data: { order, payment },
      });
    });

    return { status: 'completed', orderId: order.id };
  }
);

// Scheduled function (cron)
export const dailyReport = inngest.createFunction(
  {
    id: 'daily-report',
  },
  { cron: '0 9 * * *' }, // 9 AM daily
  async ({ step }) => {
    const report = await step.run('generate-report', async () => {
      return await generateDailyReport();
    });

    await step.run('send-report', async () => {
      await sendEmail({
        to: 'admin@example.com',
        subject: 'Daily Report',
        template: 'report',
        data: report,
      });
    });
  }
);

// Delayed function
export const sendFollowUp = inngest.createFunction(
  {
    id: 'send-follow-up',
  },
  { event: 'user/signed-up' },
  async ({ event, step }) => {
    // Wait 3 days
    await step.sleep('wait-3-days', '3d');

    // Check if user is still inactive
    const user = await step.run('check-user', async () => {
      return await getUser(event.data.userId);
    });

    if (!user.hasCompletedOnboarding) {
      await step.run('send-nudge', async () => {
        await sendEmail({
          to: user.email,
          subject: 'Need help getting started?',
          template: 'follow-up',
        });
      });
    }
  }
);
